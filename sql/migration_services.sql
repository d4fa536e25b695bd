-- Registered services, and whose statements and sessions they are.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA srv;
CREATE TABLE srv.item (id int, "Price" int);
CREATE FUNCTION srv.total() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM srv.item';

-- Names are kept as the server writes them.
INSERT INTO wishflags.services (name, owner, contact, application_name, objects)
VALUES ('shop', 'team-shop', '#shop', 'shop-%', '{SRV.Item, "srv.item.\"Price\"", srv.total}');
INSERT INTO wishflags.services (name, owner, roles) VALUES ('batch', 'team-data', '{postgres}');
SELECT * FROM wishflags.services ORDER BY name;
UPDATE wishflags.services SET objects = ARRAY['srv.item."Price"'] WHERE name = 'shop' RETURNING objects;
INSERT INTO wishflags.impact_activity VALUES
	('srv.item', 'somebody', 'shop-web', '/cart', '{id,Price}', '{}', 3, now(), now()),
	('srv.item', 'postgres', 'psql', '', '{id}', '{Price}', 1, now(), now()),
	('srv.item', 'somebody', 'else', '', '{id}', '{}', 1, now(), now());
SELECT kind, identity, how, columns, calls, roles, application_name, service, owner, evidence
FROM wishflags.migration_impact('srv.item."Price"');
SELECT kind, identity, service, owner FROM wishflags.migration_impact('srv.item.id');
SELECT kind, identity, service, owner FROM wishflags.migration_impact('srv.item');

-- Wrong use.
INSERT INTO wishflags.services (name, owner) VALUES ('a', 'b');
INSERT INTO wishflags.services (name, owner, roles) VALUES ('', 'b', '{postgres}');
INSERT INTO wishflags.services (name, owner, objects) VALUES ('a', 'b', '{item}');
INSERT INTO wishflags.services (name, owner, objects) VALUES ('a', 'b', '{"srv.item; DROP TABLE x"}');
INSERT INTO wishflags.services (name, owner, objects) VALUES ('a', 'b', '{"srv.item IS NULL; COMMENT ON COLUMN a.b"}');
INSERT INTO wishflags.services (name, owner, objects) VALUES ('a', 'b', '{NULL}');
INSERT INTO wishflags.services (name, owner, objects) VALUES ('a', 'b', '{srv.item.a.b}');
INSERT INTO wishflags.services (name, owner, roles) VALUES ('a', 'b', '{no_such_role}');
CREATE TRIGGER stray BEFORE INSERT ON srv.item FOR EACH ROW EXECUTE FUNCTION wishflags.services_check();
INSERT INTO srv.item VALUES (1);

DELETE FROM wishflags.services;
DELETE FROM wishflags.impact_activity;
DROP SCHEMA srv CASCADE;
