/*
 * listing.h: all flags in the order of their keys.
 */
#ifndef WF_FLAGS_LISTING_H
#define WF_FLAGS_LISTING_H

#include "flags/program.h"

typedef struct WfFlagListing
{
	const WfFlag **flags;
	int			count;
	int			capacity;
} WfFlagListing;

extern void wf_flags_list_flags(WfFlagListing *listing);

#endif							/* WF_FLAGS_LISTING_H */
