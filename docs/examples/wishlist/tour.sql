\set ECHO queries
\set VERBOSITY default
\echo
\echo '== The extension'
\echo
CREATE EXTENSION wishflags;
SELECT * FROM wishflags.version();
