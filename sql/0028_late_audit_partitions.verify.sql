-- Each row is a complaint.
SELECT 'a partition that is made late leaves its events elsewhere'
WHERE pg_catalog.pg_get_functiondef('app.make_audit_partition(date)'::regprocedure) NOT LIKE '%ATTACH PARTITION%';
