/*
 * uuid.c: keys of rows that logs write.
 */
#include "common/compat.h"

#include <sys/time.h>

#include "common/pg_prng.h"

#include "common/uuid.h"

/*
 * A new UUID of version 7 (RFC 9562): milliseconds since 1970, then random bits.
 * Later ones are greater, so that an index grows at its end; the server's own
 * generators ask the system for randomness that no one guesses, which takes
 * longer than a row, and which a key does not need.
 */
pg_uuid_t *
wf_common_uuid_in_order(void)
{
	pg_uuid_t  *uuid = palloc(sizeof(pg_uuid_t));
	uint64		random[2] = {pg_prng_uint64(&pg_global_prng_state), pg_prng_uint64(&pg_global_prng_state)};
	struct timeval now;
	uint64		milliseconds;

	StaticAssertStmt(sizeof(random) == UUID_LEN, "a UUID is two words long");
	gettimeofday(&now, NULL);
	milliseconds = (uint64) now.tv_sec * 1000 + now.tv_usec / 1000;
	memcpy(uuid->data, random, UUID_LEN);
	for (int i = 0; i < 6; i++)
		uuid->data[i] = (unsigned char) (milliseconds >> (40 - 8 * i));
	uuid->data[6] = (uuid->data[6] & 0x0f) | 0x70;
	uuid->data[8] = (uuid->data[8] & 0x3f) | 0x80;
	return uuid;
}
