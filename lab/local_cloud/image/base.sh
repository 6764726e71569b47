#!/bin/sh
# Turn a minimal Debian into the local stage's machine image. Runs as root inside a container; arguments: packages.
set -eu
export DEBIAN_FRONTEND=noninteractive

# The public Debian container image forbids services to start and throws downloaded package lists away.
rm -f /usr/sbin/policy-rc.d /etc/apt/apt.conf.d/docker-*
# Disposable machines: a crash of the computer may lose them, so dpkg need not wait for the disk.
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/unsafe-io
missing=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' | awk -v wanted="$*" '
    $2 == "installed" { present[$1] }
    END { n = split(wanted, names); for (i = 1; i <= n; i++) if (!(names[i] in present)) print names[i] }')
if [ -n "$missing" ]; then
    apt-get update -q
    # shellcheck disable=SC2086  # one word a package
    apt-get install -q -y --no-install-recommends $missing
fi
apt-get clean

useradd --create-home --shell /bin/bash admin
install -d -m 0700 -o admin -g admin /home/admin/.ssh
chmod 0440 /etc/sudoers.d/90-cloud-users
# Host keys and the machine's id belong to one machine: each makes its own when it first starts.
rm -f /etc/ssh/ssh_host_* /var/lib/dbus/machine-id
: >/etc/machine-id
install -d /var/log/journal /var/lib/cloud/instance

# The kernel has no client of NFS: what the package nfs-common brings makes way for a stand-in. Distributions differ in how
# they spell the folder, which is one.
for program in mount.nfs mount.nfs4; do
    dpkg-divert --quiet --local --rename --divert "/sbin/$program.distrib" --add "/sbin/$program"
    dpkg-divert --quiet --local --rename --divert "/usr/sbin/$program.distrib.usr" --add "/usr/sbin/$program"
    ln -s /usr/local/lib/instance/mount-nfs "/sbin/$program"
done
install -d /var/lib/cloud/efs

systemctl enable -q ssh-host-keys.service user-data.service ssh.service
# There are no disks, consoles and kernel of its own to look after.
systemctl mask -q systemd-pstore.service systemd-udevd.service systemd-modules-load.service \
    console-getty.service getty@tty1.service getty-static.service e2scrub_all.timer e2scrub_reap.service fstrim.timer \
    dev-hugepages.mount run-rpc_pipefs.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount
