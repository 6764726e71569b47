# The only command surface: each target wraps one ansible-playbook, which Galaxy's users call by its name.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

STAGE ?= local
VERSION ?=
MODE ?=
JOBS ?=
FROM ?=
CONFIRM ?=
PHASE ?=
SINCE ?=
GREP ?=
# A shell may have exported its own.
HOST =
PART ?=
FORMAT ?=
DISTRIBUTION ?= debian12
ARGS ?=
LOCAL_CLOUD = .venv/bin/python -m lab.local_cloud
# Where stages are: the operator's, then the lab's own. scripts/playbook.py looks there in the same order.
INVENTORIES = inventories lab/inventories
inventory = $(firstword $(wildcard $(addsuffix /$(STAGE),$(INVENTORIES))))
# The stages whose AWS is the local cloud, which has room for one of them at a time: those that have its variables. The old
# server that is to become the stage `legacy` is started by `make legacy`.
cloud_variables = group_vars/all/local_cloud.yml
LOCAL_STAGES = $(filter-out legacy,$(notdir $(patsubst %/$(cloud_variables),%,$(wildcard $(addsuffix /*/$(cloud_variables),$(INVENTORIES))))))

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_HOME := $(CURDIR)/.ansible

# How these commands look; ansible.builtin.default is Ansible's own way. Not exported: tests read that one.
ANSIBLE_STDOUT_CALLBACK ?= carpentries.amy.progress
# Groups that a deploy fills as it goes stay empty more often than not, and what other collections still have to correct is
# their makers' business: Ansible's warnings of both are no news to an operator.
ansible_settings = ANSIBLE_STDOUT_CALLBACK=$(ANSIBLE_STDOUT_CALLBACK) ANSIBLE_HOST_PATTERN_MISMATCH=ignore \
	ANSIBLE_DEPRECATION_WARNINGS=false
ansible_playbook = $(ansible_settings) ansible-playbook
# What an operator has typed reaches the playbook as it is: neither make nor the shell reads it.
export ARGUMENTS = $(value ARGS)
export TEXT = $(value GREP)
playbook = $(ansible_settings) python3 -m scripts.playbook $(STAGE) $(1)

.PHONY: help
help: ## Show this help
	@printf 'Usage: make TARGET [STAGE=local] [VERSION=...] [ARGS="-e @vars.yml"]\n\n'
	grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20 | sed 's/^/  /'

##@ Every day
.PHONY: deploy
deploy: .venv/operator known-stage stage-is-there ## Put a release on STAGE without losing a request (VERSION: a tag, branch or commit)
	@$(call playbook,deploy) $(if $(VERSION),-e 'release_version=$(VERSION)')

.PHONY: configure
configure: .venv/operator known-stage ## Converge every host of STAGE, releases untouched
	@$(call playbook,configure)

.PHONY: provision
provision: .venv/operator known-stage cloud-is-there ## Create or correct the AWS resources of STAGE
	@$(call playbook,provision)

.PHONY: scale-in
scale-in: .venv/operator known-stage ## Drain and remove the hosts of STAGE beyond instances_counts (CONFIRM, for those with data)
	@$(call playbook,scale_in) -e 'scale_in_confirm=$(CONFIRM)'

.PHONY: deprovision
deprovision: .venv/operator known-stage ## Remove the AWS resources of STAGE, but none that holds data (CONFIRM)
	@$(call playbook,deprovision) -e 'deprovision_confirm=$(CONFIRM)'

.PHONY: unlock
unlock: .venv/operator known-stage ## Take away the deploy lock that a lost controller has left on STAGE
	@$(call playbook,unlock)

.PHONY: rollback
rollback: .venv/operator known-stage ## Deploy the release that ran before on STAGE
	@$(call playbook,rollback)

.PHONY: status
status: .venv/operator known-stage ## Say what runs where on STAGE, and what needs a hand (FORMAT: json)
	@python -m scripts.status $(if $(filter json,$(FORMAT)),--json) $(STAGE)

.PHONY: jobs
jobs: .venv/operator known-stage ## List the jobs of STAGE, or move them aside and back (MODE; JOBS, VERSION; FROM; CONFIRM)
	@$(call playbook,jobs) -e 'jobs_mode=$(or $(MODE),list)' -e 'jobs_names=$(JOBS)' -e 'jobs_version=$(VERSION)' \
	  -e 'jobs_from=$(FROM)' -e 'jobs_confirm=$(CONFIRM)'

.PHONY: logs
logs: .venv/operator known-stage ## Show what the hosts of STAGE have written (SINCE: 10m, 2h; GREP: a text; HOST: one host)
	@$(call playbook,logs) $(if $(SINCE),-e 'logs_since=$(SINCE)') $(if $(HOST),-e 'logs_host=$(HOST)') \
	  $(if $(value GREP),--variable logs_text=TEXT)

.PHONY: shell
shell: .venv/operator known-stage ## Open a shell on a host of STAGE (HOST), as Ansible reaches it
	@python -m scripts.shell $(STAGE) '$(HOST)'

.PHONY: manage
manage: .venv/operator known-stage ## Run manage.py of the release on STAGE (ARGS="createsuperuser"; HOST), as the application
	@python -m scripts.shell --manage $(STAGE) '$(HOST)'

.PHONY: maintenance
maintenance: .venv/operator known-stage ## Show every visitor of STAGE the maintenance page, or no longer (MODE: on or off)
	@if [[ ! '$(MODE)' =~ ^(on|off)$$ ]]; then
	  printf 'MODE is "%s". Run: make maintenance MODE=on STAGE=%s (or MODE=off)\n' '$(MODE)' '$(STAGE)' >&2
	  exit 2
	fi
	$(call playbook,maintenance) -e maintenance_mode=$(MODE)

.PHONY: backup
backup: .venv/operator known-stage ## Back up the database of STAGE, verified, on its host and in its bucket
	@$(call playbook,backup)

.PHONY: restore-drill
restore-drill: .venv/operator known-stage ## Prove on a scratch database that the newest backup of STAGE restores
	@$(call playbook,restore_drill)

.PHONY: restore
restore: .venv/operator known-stage ## Replace the database of STAGE by a backup (FROM: newest, a path or an S3 URL; CONFIRM)
	@$(call playbook,restore) -e 'restore_from=$(FROM)' -e 'restore_confirm=$(CONFIRM)'

.PHONY: reverse-migrations
reverse-migrations: .venv/operator known-stage ## Take back the migrations of STAGE that the release before does not know (CONFIRM)
	@$(call playbook,reverse_migrations) -e 'reversal_confirm=$(CONFIRM)'

.PHONY: modernize
modernize: .venv/operator known-stage ## Move STAGE from its one old server to the fleet, or say where that stands (PHASE; CONFIRM)
	@if [[ ! -f playbooks/modernization/$(or $(PHASE),report).yml ]]; then
	  printf 'There is no phase "%s". To see the phases and what comes next, run: make modernize STAGE=%s\n' '$(PHASE)' '$(STAGE)' >&2
	  exit 2
	fi
	$(call playbook,modernize) -e 'modernize_phase=$(or $(PHASE),report)' -e 'modernize_confirm=$(CONFIRM)'

##@ The local stage
.PHONY: local
local: .venv/operator known-stage ## Start STAGE in the local cloud (idempotent): a fleet in containers, its AWS and its load balancer
	@if [[ ' $(LOCAL_STAGES) ' != *' $(STAGE) '* ]]; then
	  printf 'Stage "%s" is not in the local cloud. Those that are, by group_vars/all/local_cloud.yml in their inventories: %s\n' \
	    '$(STAGE)' '$(LOCAL_STAGES)' >&2
	  printf 'Run: make local STAGE=<one of these>; for a stage in AWS: make provision STAGE=%s; for the old server: make legacy\n' \
	    '$(STAGE)' >&2
	  printf 'To add a stage to the local cloud, see docs/guides/add_a_stage.md\n' >&2
	  exit 2
	fi
	$(LOCAL_CLOUD) up --stage $(STAGE)
	python -m lab.sample_application .local/sample_application
	python -m lab.another_application .local/another_application
	$(ansible_playbook) -i $(inventory) carpentries.amy.provision

.PHONY: legacy
legacy: .venv/operator ## Start the legacy stage in its place (idempotent): the one old server that is to become a fleet
	@$(LOCAL_CLOUD) up --stage legacy
	$(LOCAL_CLOUD) acme
	python -m lab.sample_application .local/sample_application
	$(ansible_playbook) -i lab/inventories/legacy lab/local_cloud/old_server/playbook.yml

.PHONY: local-down
local-down: .venv/operator ## Remove the local stage and all it has started
	@$(LOCAL_CLOUD) down

##@ Development
.PHONY: test
test: .venv/development ## Run every test that CI runs: units, templates, provisioning, the whole stage under load
	@scripts/test.sh

.PHONY: test-thorough
test-thorough: .venv/development ## Test what `make test` has no time for (PART), or list its parts and when each passed
	@python -m scripts.thorough $(PART)

.PHONY: test-another
test-another: .venv/development ## Test another application, by variables alone, on a stage without queues
	@scripts/test_stage.sh another tests/stage/test_another_application.py

.PHONY: test-roles
test-roles: .venv/development ## Test every role on hosts with DISTRIBUTION: debian12, debian13, ubuntu2204 or ubuntu2404
	@scripts/test_roles.sh $(DISTRIBUTION)

# Two halves that need nothing of each other: make --jobs 2 --output-sync lint
.PHONY: lint lint-sources lint-tarball
lint: lint-sources lint-tarball ## Check style, types, documentation, and the tarball by Ansible's and Galaxy's own rules
lint-sources: .venv/development
	@scripts/lint.sh
lint-tarball: .venv/development
	@scripts/sanity.sh

.PHONY: document
document: .venv/operator ## Write the tables of the roles' READMEs, of docs/provisioning.md and docs/alarms.md from the code
	python -m scripts.document_roles
	python -m scripts.document_policies
	python -m scripts.document_alarms

.PHONY: docs
docs: .venv/development ## Build the documentation's site: docs/build/html/index.html
	@scripts/docs.sh

.PHONY: build
build: .venv/operator ## Build the collection's tarball
	@ansible-galaxy collection build --force

.PHONY: lock
lock: .venv/development ## Resolve pyproject.toml into requirements/*.txt again
	@scripts/lock.sh

# What the targets above stand on.
.venv/operator: requirements/operator.txt requirements/bootstrap.txt
	@scripts/setup.sh operator

.venv/development: requirements/development.txt requirements/bootstrap.txt
	@scripts/setup.sh development

.PHONY: known-stage
known-stage:
	@if [[ ! -d inventories/$(STAGE) && ! -d lab/inventories/$(STAGE) ]]; then
	  printf 'There is no stage "%s". Stages are the folders of inventories/: %s\nRun: make %s STAGE=<one of these>\n' \
	    '$(STAGE)' "$$(ls inventories | paste -sd' ')" '$(MAKECMDGOALS)' >&2
	  exit 2
	fi

.PHONY: cloud-is-there
cloud-is-there: .venv/operator
	@if [[ ' $(LOCAL_STAGES) ' == *' $(STAGE) '* ]]; then
	  $(LOCAL_CLOUD) up --stage $(STAGE)
	fi

.PHONY: stage-is-there
stage-is-there: .venv/operator
	@if [[ ' $(LOCAL_STAGES) ' == *' $(STAGE) '* ]] && ! $(LOCAL_CLOUD) status --stage $(STAGE) >/dev/null; then
	  $(MAKE) --no-print-directory local STAGE=$(STAGE)
	fi
