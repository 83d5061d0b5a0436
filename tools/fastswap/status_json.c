// SPDX-License-Identifier: GPL-2.0-only
/* fastswap status --json. fastswap.8 describes the fields; they only ever get more. */
#include <stdio.h>

#include <json-c/json.h>

#include "info.h"

/* json-c takes a NULL for null, so what ran out of memory would become a wrong answer. */
static bool add(struct json_object *parent, const char *key, struct json_object *value)
{
	return value && json_object_object_add(parent, key, value) == 0;
}

static bool add_string(struct json_object *parent, const char *key, const char *value)
{
	return add(parent, key, json_object_new_string(value));
}

static bool add_number(struct json_object *parent, const char *key, uint64_t value)
{
	return add(parent, key, json_object_new_uint64(value));
}

static struct json_object *add_object(struct json_object *parent, const char *key)
{
	struct json_object *object = json_object_new_object();

	return add(parent, key, object) ? object : NULL;
}

static bool add_counters(struct json_object *parent, const char *key, const char *text)
{
	struct json_object *object = add_object(parent, key);
	struct counter counter;

	while (object && counter_next(&text, &counter)) {
		bool ok = counter.is_number ?
				  add_number(object, counter.name, counter.value) :
				  add_string(object, counter.name, counter.text);

		if (!ok)
			return false;
	}
	return object;
}

static bool add_percentile(struct json_object *parent, const char *key, const struct hist *hist,
			   unsigned int percent)
{
	uint64_t ns;

	if (!hist_percentile(hist, percent, &ns))
		return json_object_object_add(parent, key, NULL) == 0;
	return add_number(parent, key, ns);
}

static bool add_buckets(struct json_object *parent, const struct hist *hist)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	if (!add(parent, "buckets", array))
		return false;
	for (i = 0; i < hist->nr; i++) {
		struct json_object *bucket = json_object_new_object();

		if (!bucket || json_object_array_add(array, bucket) ||
		    !add_number(bucket, "below_ns", hist->upper[i]) ||
		    !add_number(bucket, "count", hist->count[i]))
			return false;
	}
	return true;
}

static bool add_latency(struct json_object *parent, const struct info *info)
{
	struct json_object *latency = add_object(parent, "latency");
	int i;

	for (i = 0; latency && i < INFO_NR_CLASSES; i++) {
		const struct hist *hist = &info->latency[i];
		struct json_object *class = add_object(latency, info_class_names[i]);

		if (!class || !add_number(class, "count", hist->total) ||
		    !add_percentile(class, "p50_ns", hist, 50) ||
		    !add_percentile(class, "p99_ns", hist, 99) || !add_buckets(class, hist))
			return false;
	}
	return latency;
}

static bool add_swap(struct json_object *parent, const struct info *info)
{
	struct json_object *swap = add_object(parent, "swap");

	if (!swap || !add(swap, "on", json_object_new_boolean(info->is_swap)))
		return false;
	return !info->is_swap ||
	       (add(swap, "priority", json_object_new_int(info->swap.priority)) &&
		add_number(swap, "size", info->swap.size) &&
		add_number(swap, "used", info->swap.used));
}

static bool add_device(struct json_object *array, const struct info *info)
{
	struct json_object *device = json_object_new_object();

	return device && json_object_array_add(array, device) == 0 &&
	       add_string(device, "name", info->dev.name) &&
	       add_string(device, "path", info->dev.path) &&
	       add_number(device, "index", info->dev.index) &&
	       add_string(device, "backend", info->backend) &&
	       add_string(device, "peer", info->peer) &&
	       add_string(device, "state", info->state) &&
	       add_number(device, "size", info->size) &&
	       add_number(device, "used", info->used) &&
	       add_number(device, "lost", info->lost) &&
	       add_number(device, "chunk_size", info->chunk_size) &&
	       add_number(device, "poll_us", info->poll_us) &&
	       add_string(device, "kernel_hooks", info->kernel_hooks) &&
	       add_number(device, "pages_in_demand", counter_get(info->stats, "demand_pages")) &&
	       add_number(device, "pages_in_prefetch",
			  counter_get(info->stats, "prefetch_pages")) &&
	       add_number(device, "pages_out", counter_get(info->stats, "writeback_pages")) &&
	       add_number(device, "errors", info_errors(info)) &&
	       add_swap(device, info) && add_latency(device, info) &&
	       add_counters(device, "stats", info->stats) &&
	       add_counters(device, "backend_stats", info->backend_stats);
}

/** print_json - one object; @pretty: for people, else on one line */
bool print_json(const struct info *infos, int nr, bool pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE |
		    (pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
			      JSON_C_TO_STRING_PLAIN);
	struct json_object *root = json_object_new_object();
	struct json_object *array = json_object_new_array();
	const char *text = NULL;
	bool ok;
	int i;

	ok = root && add(root, "devices", array);
	for (i = 0; ok && i < nr; i++)
		ok = add_device(array, &infos[i]);
	if (ok)
		text = json_object_to_json_string_ext(root, flags);
	if (text)
		puts(text);
	json_object_put(root);
	return text;
}
