/*
 * pattern.h: reading the expressions of other engines, shared by the files
 * that rewrite them for PCRE2.
 */
#ifndef WF_FLAGS_PATTERN_H
#define WF_FLAGS_PATTERN_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "flags/operator.h"

/* Longest pattern, in bytes. */
#define WF_PATTERN_MAX 65536

/* Deepest nesting of groups, which is PCRE2's own limit. */
#define WF_PATTERN_DEPTH_MAX 250

/* What an escape stands for. */
typedef enum WfEscapeType
{
	WF_ESCAPE_CHARACTER,
	WF_ESCAPE_CLASS,			/* \d and the like */
	WF_ESCAPE_ASSERTION,		/* text is PCRE2's for it */
	WF_ESCAPE_REFERENCE,		/* number is the group's */
	WF_ESCAPE_QUOTE				/* \Q: up to \E all is literal */
} WfEscapeType;

typedef struct WfEscape
{
	WfEscapeType type;
	uint32		number;			/* of the character or group */
	bool		negated;		/* a class */
	const char *text;			/* what of PCRE2's stands in brackets for a
								 * class, or for an assertion */
} WfEscape;

/* What a quantifier would apply to. */
typedef enum WfAtomKind
{
	WF_ATOM_NONE,
	WF_ATOM_SIMPLE,
	WF_ATOM_ASSERTION,			/* of no width, not a group */
	WF_ATOM_QUANTIFIED
} WfAtomKind;

/* An open group, and what its end restores. */
typedef struct WfPatternGroup
{
	int			start;			/* in the output */
	bool		unrepeatable;	/* no quantifier may follow */
	bool		verbose;
	bool		ascii;
	bool		dot_all;
} WfPatternGroup;

/* A pattern that is being rewritten. */
typedef struct WfPatternReader
{
	WfPatternFlavour flavour;
	const char *at;
	const char *end;
	StringInfo	out;
	const char *problem;		/* why it is refused, or NULL */
	bool		verbose;		/* blanks and comments do not count */
	bool		ascii;			/* \d, \w and \s are of ASCII */
	bool		dot_all;		/* . matches the end of a line */
	int			ngroups;		/* that capture */
	int			nopened;		/* of them, so far */
	List	   *names;			/* of groups: WfGroupName */
	bool		captures;		/* the flavour has references */
	bool		started;		/* something stands before this place */
	WfAtomKind	atom;
	int			atom_start;		/* in the output */
	int			nquantifiers;	/* of the atom */
	int			depth;
	WfPatternGroup groups[WF_PATTERN_DEPTH_MAX];
} WfPatternReader;

typedef struct WfGroupName
{
	WfString	name;
	int			number;
} WfGroupName;

/* Whether nothing is next, or a given text. */
static inline bool
wf_flags_pattern_at_end(const WfPatternReader *reader)
{
	return reader->at >= reader->end;
}

static inline bool
wf_flags_pattern_looking_at(const WfPatternReader *reader, const char *text)
{
	int			len = strlen(text);

	return reader->end - reader->at >= len && memcmp(reader->at, text, len) == 0;
}

/* pattern_syntax.c */
extern const char *wf_flags_pattern_rewrite(WfString pattern, WfPatternFlavour flavour, StringInfo out);
extern bool wf_flags_pattern_refuse(WfPatternReader *reader, const char *format,...) pg_attribute_printf(2, 3);
extern uint32 wf_flags_pattern_character(WfPatternReader *reader);
extern void wf_flags_pattern_write(StringInfo out, uint32 code);
extern void wf_flags_pattern_begin_atom(WfPatternReader *reader, WfAtomKind kind);

/* pattern_group.c */
extern void wf_flags_pattern_find_groups(WfPatternReader *reader, WfString pattern);
extern bool wf_flags_pattern_open_group(WfPatternReader *reader);
extern bool wf_flags_pattern_close_group(WfPatternReader *reader);

/* pattern_escape.c */
extern bool wf_flags_pattern_escape(WfPatternReader *reader, bool in_class, WfEscape *escape);

/* pattern_class.c */
extern bool wf_flags_pattern_class(WfPatternReader *reader, int depth);

#endif							/* WF_FLAGS_PATTERN_H */
