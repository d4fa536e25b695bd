/*
 * setting.c: what the server knows of a setting besides its value.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/guc_tables.h"
#include "utils/varlena.h"

#include "common/extension.h"
#include "common/setting.h"

static struct config_generic *find_setting(const char *name);
static bool names_library(const char *setting);

/* Where the present value of a setting comes from; PGC_S_DEFAULT if unknown. */
GucSource
wf_common_setting_source(const char *name)
{
	struct config_generic *setting = find_setting(name);

	return setting ? setting->source : PGC_S_DEFAULT;
}

/*
 * In an assign hook: whether a function with a SET clause begins or ends,
 * rather than a command or set_config() giving the setting another value.
 */
bool
wf_common_setting_is_of_function(const char *name)
{
	struct config_generic *setting = find_setting(name);

	return setting && setting->stack && setting->stack->state == GUC_SAVE;
}

static struct config_generic *
find_setting(const char *name)
{
	int			length;
	struct config_generic **settings = wf_all_settings(&length);

	for (int i = 0; i < length; i++)
	{
		if (strcmp(settings[i]->name, name) == 0)
			return settings[i];
	}
	return NULL;
}

/*
 * Whether the library was loaded when this session began, rather than at its
 * first use.  *everywhere tells shared_preload_libraries (every process of the
 * server) from session_preload_libraries (client backends).
 */
bool
wf_common_is_preloaded(bool *everywhere)
{
	*everywhere = names_library(shared_preload_libraries_string);
	return *everywhere || names_library(session_preload_libraries_string) ||
		names_library(local_preload_libraries_string);
}

/* Whether a list of libraries holds ours, with or without a folder and ".so". */
static bool
names_library(const char *setting)
{
	List	   *files;
	ListCell   *lc;

	if (setting == NULL || !SplitDirectoriesString(pstrdup(setting), ',', &files))
		return false;
	foreach(lc, files)
	{
		const char *file = last_dir_separator(lfirst(lc)) ? last_dir_separator(lfirst(lc)) + 1 : lfirst(lc);
		size_t		length = strlen(WF_EXTENSION_NAME);

		if (strncmp(file, WF_EXTENSION_NAME, length) == 0 &&
			(file[length] == '\0' || strcmp(file + length, DLSUFFIX) == 0))
			return true;
	}
	return false;
}
