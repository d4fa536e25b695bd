/*
 * network.c: addresses within networks.  Pure.
 *
 * A network is an IPv4 or IPv6 address with a prefix's length, or an address
 * alone.  The bits behind the prefix may be set, and do not count.
 */
#include "common/compat.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "flags/operator.h"

/* Longest text of an address, with its zero byte. */
#define ADDRESS_MAX 46

typedef struct Network
{
	int			family;
	int			bits;			/* of the prefix */
	uint8		address[16];
} Network;

static bool parse_address(WfString text, Network *network);
static bool parse_bits(WfString text, int max, int *bits);
static bool contains(const Network *network, const Network *address);

/* Reads a network into the current memory context; NULL for what is none. */
const void *
wf_flags_network_parse(WfString text)
{
	Network    *network = palloc0(sizeof(Network));
	const char *slash = memchr(text.data, '/', text.len);
	WfString	address = {text.data, slash ? (int) (slash - text.data) : text.len};
	WfString	bits = {NULL, 0};

	if (slash)
	{
		bits.data = slash + 1;
		bits.len = text.len - address.len - 1;
	}
	if (!parse_address(address, network) ||
		(slash && !parse_bits(bits, network->bits, &network->bits)))
		return NULL;
	return network;
}

/* A string that is an address in the network. */
bool
wf_flags_match_network(WfRun *run, const WfPredicate *predicate,
					   const WfValue *value, const WfOperand *operand)
{
	Network		address;

	return value->type == WF_VALUE_STRING && operand->prepared &&
		parse_address(value->u.string, &address) &&
		contains((const Network *) operand->prepared, &address);
}

/* An address is the network of itself alone. */
static bool
parse_address(WfString text, Network *network)
{
	char		terminated[ADDRESS_MAX];

	if (text.len >= ADDRESS_MAX || memchr(text.data, '\0', text.len))
		return false;
	memcpy(terminated, text.data, text.len);
	terminated[text.len] = '\0';
	network->family = strchr(terminated, ':') ? AF_INET6 : AF_INET;
	network->bits = network->family == AF_INET ? 32 : 128;
	return inet_pton(network->family, terminated, network->address) == 1;
}

static bool
parse_bits(WfString text, int max, int *bits)
{
	int			number = 0;

	if (text.len == 0 || text.len > 3 || (text.len > 1 && text.data[0] == '0'))
		return false;
	for (int i = 0; i < text.len; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		number = number * 10 + (text.data[i] - '0');
	}
	*bits = number;
	return number <= max;
}

static bool
contains(const Network *network, const Network *address)
{
	int			whole = network->bits / 8;
	uint8		mask = (uint8) (0xFF00 >> (network->bits % 8));

	return network->family == address->family &&
		memcmp(network->address, address->address, whole) == 0 &&
		(network->bits % 8 == 0 || ((network->address[whole] ^ address->address[whole]) & mask) == 0);
}
