/*
 * fingerprint.h: what keys are recognized by without being kept.
 */
#ifndef WF_FLAGS_FINGERPRINT_H
#define WF_FLAGS_FINGERPRINT_H

#include "flags/value.h"

/* 72 bits: too many to meet by chance, and nobody can compute them elsewhere. */
typedef struct WfFingerprint
{
	uint64		first;
	uint8		rest;
} WfFingerprint;

/* The beginning of a fingerprint, after what all keys of a kind have in common. */
typedef struct WfFingerprintSeed
{
	uint64		state[4];
} WfFingerprintSeed;

extern void wf_flags_fingerprint_init(void);
extern void wf_flags_fingerprint_seed(WfFingerprintSeed *seed, uint64 scope);
extern WfFingerprint wf_flags_fingerprint(const WfFingerprintSeed *seed, WfString key);

#endif							/* WF_FLAGS_FINGERPRINT_H */
