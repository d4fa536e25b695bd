-- Which indexes ATTACH PARTITION takes over, as the server does it: each case is
-- checked, then run, and the indexes that were built are counted.
CREATE SCHEMA attach;
SET search_path = attach;
SET wishflags.guard = off;

CREATE TABLE cases (n int GENERATED ALWAYS AS IDENTITY, on_parent text, on_child text, told bigint, built bigint);
-- Each step in its own transaction: what a transaction made is nobody else's.
CREATE PROCEDURE attach(which int) LANGUAGE plpgsql AS $$
DECLARE
	this attach.cases;
BEGIN
	SELECT * INTO this FROM attach.cases WHERE n = which;
	CREATE TABLE attach.p (k int NOT NULL, a int, b text, n int) PARTITION BY RANGE (k);
	CREATE TABLE attach.c (n int, b text, a int, k int NOT NULL);
	INSERT INTO attach.c SELECT g, g, g, g FROM generate_series(1, 9) g;
	EXECUTE this.on_parent;
	EXECUTE this.on_child;
	COMMIT;
	UPDATE attach.cases SET told = (SELECT count(*) FROM wishflags.migration_breaking_check(
			'ALTER TABLE attach.p ATTACH PARTITION attach.c FOR VALUES FROM (0) TO (10)', '{"only": "attach-partition-builds-index"}')),
		built = -(SELECT count(*) FROM pg_index WHERE indrelid = 'attach.c'::regclass)
	WHERE n = which;
	ALTER TABLE attach.p ATTACH PARTITION attach.c FOR VALUES FROM (0) TO (10);
	UPDATE attach.cases SET built = built + (SELECT count(*) FROM pg_index WHERE indrelid = 'attach.c'::regclass) WHERE n = which;
	DROP TABLE attach.p;
	COMMIT;
END $$;

INSERT INTO cases (on_parent, on_child) VALUES
('CREATE INDEX ON attach.p (a)', 'CREATE INDEX ON attach.c (a)'),
('CREATE INDEX ON attach.p (a)', 'CREATE INDEX ON attach.c (n)'),
('CREATE INDEX ON attach.p (a)', 'CREATE INDEX ON attach.c (a DESC)'),
('CREATE INDEX ON attach.p (a, b)', 'CREATE INDEX ON attach.c (b, a)'),
('CREATE INDEX ON attach.p (a)', 'CREATE INDEX ON attach.c (a) INCLUDE (b)'),
('CREATE INDEX ON attach.p (a) INCLUDE (b)', 'CREATE INDEX ON attach.c (a) INCLUDE (b)'),
('CREATE INDEX ON attach.p (a) INCLUDE (b)', 'CREATE INDEX ON attach.c (a) INCLUDE (n)'),
('CREATE INDEX ON attach.p (a)', 'CREATE INDEX ON attach.c USING hash (a)'),
('CREATE INDEX ON attach.p (b)', 'CREATE INDEX ON attach.c (b text_pattern_ops)'),
('CREATE INDEX ON attach.p (b text_pattern_ops)', 'CREATE INDEX ON attach.c (b text_pattern_ops)'),
('CREATE INDEX ON attach.p (b)', 'CREATE INDEX ON attach.c (b COLLATE "C")'),
('CREATE INDEX ON attach.p (b COLLATE "C")', 'CREATE INDEX ON attach.c (b COLLATE "C")'),
('CREATE INDEX ON attach.p (lower(b))', 'CREATE INDEX ON attach.c (lower(b))'),
('CREATE INDEX ON attach.p (lower(b))', 'CREATE INDEX ON attach.c (upper(b))'),
('CREATE INDEX ON attach.p ((a + n))', 'CREATE INDEX ON attach.c ((a + n))'),
('CREATE INDEX ON attach.p ((a + n))', 'CREATE INDEX ON attach.c ((n + a))'),
('CREATE INDEX ON attach.p (a) WHERE n > 0', 'CREATE INDEX ON attach.c (a) WHERE n > 0'),
('CREATE INDEX ON attach.p (a) WHERE n > 0', 'CREATE INDEX ON attach.c (a) WHERE n > 1'),
('CREATE INDEX ON attach.p (a) WHERE n > 0', 'CREATE INDEX ON attach.c (a)'),
('CREATE UNIQUE INDEX ON attach.p (k)', 'CREATE UNIQUE INDEX ON attach.c (k)'),
('CREATE UNIQUE INDEX ON attach.p (k)', 'CREATE INDEX ON attach.c (k)'),
('CREATE INDEX ON attach.p (k)', 'CREATE UNIQUE INDEX ON attach.c (k)'),
('CREATE UNIQUE INDEX ON attach.p (k)', 'CREATE UNIQUE INDEX ON attach.c (k) NULLS NOT DISTINCT'),
('CREATE UNIQUE INDEX ON attach.p (k)', 'ALTER TABLE attach.c ADD UNIQUE (k)'),
('ALTER TABLE attach.p ADD UNIQUE (k)', 'CREATE UNIQUE INDEX ON attach.c (k)'),
('ALTER TABLE attach.p ADD UNIQUE (k)', 'ALTER TABLE attach.c ADD UNIQUE (k)'),
('ALTER TABLE attach.p ADD PRIMARY KEY (k)', 'ALTER TABLE attach.c ADD PRIMARY KEY (k)'),
('CREATE INDEX ON attach.p (a); CREATE INDEX ON attach.p (a)', 'CREATE INDEX ON attach.c (a)'),
('CREATE INDEX ON attach.p (a); CREATE INDEX ON attach.p (a)', 'CREATE INDEX ON attach.c (a); CREATE INDEX ON attach.c (a)');

SET client_min_messages = error;
\set ECHO none
SELECT format('CALL attach.attach(%s)', n) FROM cases ORDER BY n
\gexec
\set ECHO all
SELECT on_parent, on_child, told, built FROM cases WHERE (told > 0) <> (built > 0) ORDER BY n;
SELECT count(*), count(*) FILTER (WHERE built = 0) AS taken_over FROM cases;

-- Only an index that its columns tell all of is written out.
CREATE TABLE p (k int NOT NULL, a int, b text) PARTITION BY RANGE (k);
CREATE TABLE c (k int NOT NULL, a int, b text);
INSERT INTO c SELECT g, g, g FROM generate_series(1, 9) g;
CREATE INDEX ON p (a);
\t
SELECT safe_sql FROM wishflags.migration_breaking_check('ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM (0) TO (10)', '{"only": "attach-partition-builds-index"}');
CREATE INDEX ON p (b COLLATE "C");
SELECT safe_sql IS NULL FROM wishflags.migration_breaking_check('ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM (0) TO (10)', '{"only": "attach-partition-builds-index"}');
\t
DROP SCHEMA attach CASCADE;
