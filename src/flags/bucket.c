/*
 * bucket.c: hashing into buckets.  Pure.
 */
#include "common/compat.h"

#include "mb/pg_wchar.h"

#include "flags/bucket.h"

/* Starts a hash; seed is murmur3's own. */
void
wf_flags_murmur3_begin(WfMurmur3 *state, uint32 seed)
{
	state->hash = seed;
	state->carry = 0;
	state->ncarry = 0;
	state->length = 0;
}

/* Takes in len bytes, so that what follows need not hash them again. */
void
wf_flags_murmur3_add(WfMurmur3 *state, const char *data, int len)
{
	state->length += (uint32) len;
	for (; len > 0; len--, data++)
	{
		state->carry |= (uint32) (unsigned char) *data << (8 * state->ncarry);
		if (++state->ncarry == 4)
		{
			state->hash = wf_flags_murmur3_mix(state->hash, state->carry);
			state->carry = 0;
			state->ncarry = 0;
		}
	}
}

/* A text as it is hashed: the same user has one bucket in all databases. */
WfString
wf_flags_encode_text(WfEncoding encoding, WfString text)
{
	if (encoding == WF_ENCODING_CONVERTED_TEXT)
	{
		char	   *converted = pg_server_to_any(text.data, text.len, PG_UTF8);

		if (converted != text.data)
		{
			text.data = converted;
			text.len = strlen(converted);
		}
	}
	return text;
}

/* The arm that a position falls into, or WF_BUCKET_NONE past the last one. */
int
wf_flags_split_arm(const WfSplit *split, uint32 position)
{
	for (int i = 0; i < split->narms; i++)
	{
		if (position < split->arms[i].upper)
			return i;
	}
	return WF_BUCKET_NONE;
}
