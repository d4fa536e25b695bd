-- The application's flags, the role that it runs as, and a policy that asks a
-- flag.  For a database with migrations 0000 to 0002 and the extension in it.
\set ON_ERROR_STOP on

-- A chart of an item's prices, for every fourth user.
SELECT wishflags.flag_create('price_chart', 'prices of an item over time', 'prices', rollout => 25, enabled => true);

-- Lists that others have shared; nobody sees them yet.
SELECT wishflags.flag_create('shared_lists', 'lists that others have shared', 'lists');

-- The label of a button, in three wordings.
SELECT wishflags.flag_create('add_button', 'wording of the button', 'growth', enabled => true, definition =>
  '{"variants": {"plain": "Add", "wish": "I wish for this", "list": "Add to my list"},
    "default": {"split": [{"variant": "plain", "weight": 2}, {"variant": "wish", "weight": 1},
                          {"variant": "list", "weight": 1}]}}');

-- The application may ask for flags, not read or change them.
CREATE ROLE wishlist_app;
GRANT USAGE ON SCHEMA wishflags TO wishlist_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON users, wishlists, items, prices, shares TO wishlist_app;

-- Each user sees the own lists, and shared ones where the flag is on.
ALTER TABLE wishlists ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_lists ON wishlists TO wishlist_app
	USING (owner_id = current_setting('app.user_id')::bigint);
CREATE POLICY shared_lists ON wishlists FOR SELECT TO wishlist_app
	USING (wishflags.flag_eval('shared_lists', current_setting('app.user_id')::bigint)
	       AND id IN (SELECT wishlist_id FROM shares
	                  WHERE user_id = current_setting('app.user_id')::bigint));
