-- In one row: what the application's user lacks, as statements for the owner; what it has too much; and in which schemas it
-- may create objects though the owner cannot revoke that. Either user may ask. What it has through PUBLIC it does not lack,
-- and of what others own only that is granted which the owner may grant: GRANT ... ON ALL TABLES would fail as a whole.
WITH owner AS (
    SELECT oid, quote_ident(rolname) AS name FROM pg_roles WHERE rolname = %(owner)s
), application AS (
    SELECT oid, quote_ident(rolname) AS name, rolcreatedb OR rolcreaterole AS administers
    FROM pg_roles WHERE rolname = %(application)s
), own_schema AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relation AS (
    SELECT c.oid, format('%%I.%%I', nspname, relname) AS name, relkind = 'S' AS is_sequence
    FROM pg_class c JOIN own_schema s ON s.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
), wanted(kind, object, privilege, has, owner_may_grant) AS (
    SELECT 1, format('DATABASE %%I', datname), privilege, has_database_privilege(a.oid, d.oid, privilege),
           has_database_privilege(o.oid, d.oid, privilege || ' WITH GRANT OPTION')
    FROM owner o, application a, pg_database d, unnest(ARRAY['CONNECT', 'TEMPORARY']) privilege
    WHERE datname = current_database()
  UNION ALL
    SELECT 2, format('SCHEMA %%I', nspname), 'USAGE', has_schema_privilege(a.oid, s.oid, 'USAGE'),
           has_schema_privilege(o.oid, s.oid, 'USAGE WITH GRANT OPTION')
    FROM owner o, application a, own_schema s
  UNION ALL
    SELECT 3, 'TABLE ' || r.name, privilege, has_table_privilege(a.oid, r.oid, privilege),
           has_table_privilege(o.oid, r.oid, privilege || ' WITH GRANT OPTION')
    FROM owner o, application a, relation r, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) privilege
    WHERE NOT is_sequence
  UNION ALL
    SELECT 4, 'SEQUENCE ' || r.name, privilege, has_sequence_privilege(a.oid, r.oid, privilege),
           has_sequence_privilege(o.oid, r.oid, privilege || ' WITH GRANT OPTION')
    FROM owner o, application a, relation r, unnest(ARRAY['SELECT', 'UPDATE', 'USAGE']) privilege
    WHERE is_sequence
  UNION ALL
    SELECT 5, 'ROUTINE ' || p.oid::regprocedure, 'EXECUTE', has_function_privilege(a.oid, p.oid, 'EXECUTE'),
           has_function_privilege(o.oid, p.oid, 'EXECUTE WITH GRANT OPTION')
    FROM owner o, application a, pg_proc p JOIN own_schema s ON s.oid = pronamespace
    -- An extension says itself who may run its own.
    WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
), later(kind, objects, privileges) AS (
    VALUES ('n'::"char", 'SCHEMAS', ARRAY['USAGE']), ('r', 'TABLES', ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']),
           ('S', 'SEQUENCES', ARRAY['SELECT', 'UPDATE', 'USAGE']), ('f', 'ROUTINES', ARRAY['EXECUTE'])
), open_schema AS (
    -- Before PostgreSQL 15 everyone may create objects in `public`.
    SELECT s.oid, nspname, pg_has_role(o.oid, nspowner, 'USAGE') AS revocable
    FROM owner o, own_schema s, aclexplode(nspacl) granted
    WHERE grantee = 0 AND privilege_type = 'CREATE' AND grantor = nspowner
), lacking(place, statement) AS (
    SELECT 0, format('ALTER ROLE %%s NOCREATEDB NOCREATEROLE', a.name) FROM application a WHERE administers
  UNION ALL
    -- A member may end the application's sessions for a restore, and read its large objects for a backup.
    SELECT 0, format('GRANT %%s TO %%s', a.name, o.name) FROM owner o, application a
    WHERE NOT pg_has_role(o.oid, a.oid, 'USAGE') AND NOT pg_has_role(a.oid, o.oid, 'MEMBER')
  UNION ALL
    SELECT kind, format('GRANT %%s ON %%s TO %%s', string_agg(privilege, ', '), object, a.name)
    FROM wanted, application a WHERE owner_may_grant AND NOT has GROUP BY kind, object, a.name
  UNION ALL
    SELECT 6, format('ALTER DEFAULT PRIVILEGES FOR ROLE %%s GRANT %%s ON %%s TO %%s', o.name, string_agg(privilege, ', '),
                     objects, a.name)
    FROM owner o, application a, later, unnest(privileges) privilege
    WHERE NOT EXISTS (
        SELECT FROM pg_default_acl, aclexplode(defaclacl) granted WHERE defaclrole = o.oid AND defaclnamespace = 0
        AND defaclobjtype = kind AND grantee = a.oid AND privilege_type = privilege
    ) GROUP BY o.name, a.name, objects
  UNION ALL
    SELECT 7, format('REVOKE CREATE ON SCHEMA %%I FROM PUBLIC', nspname) FROM application, open_schema WHERE revocable
), excess(what) AS (
    SELECT format('it is a member of %%s', o.name) FROM owner o, application a WHERE pg_has_role(a.oid, o.oid, 'MEMBER')
  UNION ALL
    SELECT format('it owns %%s %%s', type, identity)
    FROM application a JOIN pg_shdepend d ON refclassid = 'pg_authid'::regclass AND refobjid = a.oid AND deptype = 'o',
    pg_identify_object(classid, objid, objsubid)
    WHERE (dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
           OR classid = 'pg_database'::regclass AND identity = quote_ident(current_database()))
    -- Sessions have temporary tables, and large objects are rows.
    AND coalesce(schema, '') !~ '^pg_' AND classid <> 'pg_largeobject'::regclass
)
SELECT ARRAY(SELECT statement FROM lacking ORDER BY place, statement) AS lacking,
       ARRAY(SELECT what FROM excess ORDER BY what) AS excess,
       ARRAY(SELECT nspname::text FROM open_schema WHERE NOT revocable ORDER BY nspname) AS open_schemas
