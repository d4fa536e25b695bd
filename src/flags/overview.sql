-- For psql: no row is wider than 80 columns.

CREATE VIEW wishflags.flag_overview AS
SELECT wishflags.text_clip(f.key, 24) AS flag,
       wishflags.flag_state(f) AS state,
       f.rollout || ' %' AS rollout,
       CASE WHEN pg_catalog.jsonb_typeof(f.definition -> 'rules') = 'array'
            THEN pg_catalog.jsonb_array_length(f.definition -> 'rules') ELSE 0 END AS rules,
       COALESCE(o.overrides, 0) AS overrides,
       wishflags.text_clip(f.owner_team, 9) AS owner
FROM wishflags.flags f
LEFT JOIN (SELECT flag, pg_catalog.count(*) AS overrides
           FROM wishflags.flag_overrides GROUP BY flag) o ON o.flag = f.key
ORDER BY f.key;

COMMENT ON VIEW wishflags.flag_overview IS 'all flags, a narrow line each';
