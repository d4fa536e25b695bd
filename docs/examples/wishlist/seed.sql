-- Fills the tables of migrations 0000 to 0002 with made-up data, the same at
-- every run:  psql -v items=1000000 -f seed.sql   (200000 items by default).
-- For n items there are n/20 users, n/10 wishlists, n/5 prices, n/40 shares.
\set ON_ERROR_STOP on
\if :{?items}
\else
\set items 200000
\endif

BEGIN;

INSERT INTO users (id, email, name, phone, created_at)
SELECT u, 'user' || u || '@example.org', 'User ' || u,
       CASE WHEN u % 3 = 0 THEN '+49 30 ' || 1000000 + u END,
       timestamptz '2026-01-01 00:00:00+00' + u * interval '1 minute'
FROM generate_series(1, greatest(:items / 20, 1)) u;

INSERT INTO wishlists (id, owner_id, title, is_public, created_at)
SELECT w, 1 + (w - 1) % greatest(:items / 20, 1),
       (ARRAY['Birthday', 'Kitchen', 'Books', 'Garden', 'Moving in'])[1 + w % 5],
       w % 10 = 0,
       timestamptz '2026-02-01 00:00:00+00' + w * interval '30 seconds'
FROM generate_series(1, greatest(:items / 10, 1)) w;

INSERT INTO items (id, wishlist_id, store, url, title, note, wanted_price, currency, created_at)
SELECT i, 1 + (i - 1) % greatest(:items / 10, 1), store,
       'https://' || store || '.example/' || i,
       'Item ' || i,
       CASE WHEN i % 4 = 0 THEN 'in blue, please' END,
       500 + (i::bigint * 7919 % 20000)::integer,
       (ARRAY['EUR', 'EUR', 'EUR', 'USD', 'GBP']::currency[])[1 + i % 5],
       timestamptz '2026-02-01 00:00:00+00' + i * interval '5 seconds'
FROM generate_series(1, :items) i,
     LATERAL (SELECT (enum_range(NULL::store))[1 + i % 3] AS store) s;

INSERT INTO prices (item_id, seen_at, amount, currency)
SELECT i, timestamptz '2026-03-01 00:00:00+00' + i * interval '5 seconds',
       400 + (i::bigint * 7907 % 20000)::integer, 'EUR'
FROM generate_series(5, :items, 5) i;

INSERT INTO shares (wishlist_id, user_id, can_edit)
SELECT w, 1 + (w * 31) % greatest(:items / 20, 1), w % 2 = 0
FROM generate_series(4, :items / 10, 4) w;

SELECT setval(pg_get_serial_sequence('users', 'id'), max(id)) FROM users \g /dev/null
SELECT setval(pg_get_serial_sequence('wishlists', 'id'), max(id)) FROM wishlists \g /dev/null
SELECT setval(pg_get_serial_sequence('items', 'id'), max(id)) FROM items \g /dev/null

COMMIT;

ANALYZE users, wishlists, items, prices, shares;
