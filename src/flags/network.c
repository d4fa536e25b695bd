/*
 * network.c: addresses within networks, of IPv4 and IPv6.  Pure.
 *
 * The server's own types are stricter about host bits and raise errors, so the
 * parsing is the C library's.
 */
#include "common/compat.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "flags/operator.h"

/* Longest text of an address, without the zero byte. */
#define ADDRESS_MAX 45

typedef struct Network
{
	int			family;
	int			prefix;			/* leading bits that count */
	unsigned char address[16];
} Network;

static bool parse_address(WfString text, Network *network);
static bool parse_prefix(WfString text, Network *network);
static bool mask_to_prefix(const Network *mask, int *prefix);
static bool same_network(const Network *network, const Network *address);

/*
 * Parses "ADDRESS", "ADDRESS/PREFIX" or, in IPv4, "ADDRESS/MASK"; NULL for
 * what is none.  An address alone is a network of one.
 */
const void *
wf_flags_network_parse(WfString text)
{
	Network    *network = palloc0(sizeof(Network));
	const char *slash = memchr(text.data, '/', text.len);
	WfString	address = text;

	if (slash)
		address.len = slash - text.data;
	if (!parse_address(address, network))
		return NULL;
	if (slash)
	{
		WfString	prefix = {slash + 1, text.len - address.len - 1};

		if (!parse_prefix(prefix, network))
			return NULL;
	}
	return network;
}

/* A string that is an address in the operand's network. */
bool
wf_flags_match_network(WfRun *run, const WfPredicate *predicate,
					   const WfValue *value, const WfOperand *operand)
{
	Network		address;

	return value->type == WF_VALUE_STRING && operand->prepared &&
		parse_address(value->u.string, &address) &&
		same_network((const Network *) operand->prepared, &address);
}

static bool
parse_address(WfString text, Network *network)
{
	char		terminated[ADDRESS_MAX + 1];

	if (text.len == 0 || text.len > ADDRESS_MAX)
		return false;
	memcpy(terminated, text.data, text.len);
	terminated[text.len] = '\0';
	network->family = strchr(terminated, ':') ? AF_INET6 : AF_INET;
	network->prefix = network->family == AF_INET6 ? 128 : 32;
	return inet_pton(network->family, terminated, network->address) == 1;
}

static bool
parse_prefix(WfString text, Network *network)
{
	int			most = network->prefix;
	Network		mask;

	if (network->family == AF_INET && parse_address(text, &mask) && mask.family == AF_INET)
		return mask_to_prefix(&mask, &network->prefix);
	if (text.len == 0)
		return false;
	network->prefix = 0;
	for (int i = 0; i < text.len; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		network->prefix = network->prefix * 10 + (text.data[i] - '0');
		if (network->prefix > most)
			return false;
	}
	return true;
}

/* A mask has its ones in front of its zeros. */
static bool
mask_to_prefix(const Network *mask, int *prefix)
{
	uint32		bits = 0;

	for (int i = 0; i < 4; i++)
		bits = bits << 8 | mask->address[i];
	for (*prefix = 0; bits & 0x80000000; bits <<= 1)
		(*prefix)++;
	return bits == 0;
}

static bool
same_network(const Network *network, const Network *address)
{
	int			bytes = network->prefix / 8;
	int			rest = network->prefix % 8;

	if (network->family != address->family || memcmp(network->address, address->address, bytes) != 0)
		return false;
	return rest == 0 || (network->address[bytes] ^ address->address[bytes]) >> (8 - rest) == 0;
}
