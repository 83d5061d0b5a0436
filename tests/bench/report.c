// SPDX-License-Identifier: GPL-2.0-only
/* Latencies and usage of threads, and how a phase is printed. */
#include "swapload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

void histogram_clear(struct histogram *histogram)
{
	memset(histogram, 0, sizeof(*histogram));
}

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int power, bucket;

	if (ns < HISTOGRAM_SUB)
		return (unsigned int)ns;
	power = 63 - (unsigned int)__builtin_clzll(ns) - HISTOGRAM_SHIFT;
	bucket = power * HISTOGRAM_SUB + (unsigned int)(ns >> power);
	return bucket < HISTOGRAM_SIZE ? bucket : HISTOGRAM_SIZE - 1;
}

static uint64_t bucket_end(unsigned int bucket)
{
	unsigned int power = bucket / HISTOGRAM_SUB;

	if (power < 2)
		return bucket + 1;
	return (uint64_t)(HISTOGRAM_SUB + bucket % HISTOGRAM_SUB + 1) << (power - 1);
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
	histogram->count[bucket_of(ns)]++;
	histogram->sum += ns;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	unsigned int i;

	for (i = 0; i < HISTOGRAM_SIZE; i++)
		histogram->count[i] += other->count[i];
	histogram->sum += other->sum;
}

void usage_now(struct usage *usage)
{
	struct rusage r;

	getrusage(RUSAGE_THREAD, &r);
	*usage = (struct usage){
		.major_faults = (uint64_t)r.ru_majflt,
		.minor_faults = (uint64_t)r.ru_minflt,
		.voluntary_switches = (uint64_t)r.ru_nvcsw,
		.involuntary_switches = (uint64_t)r.ru_nivcsw,
		.user_us = (uint64_t)r.ru_utime.tv_sec * 1000000 + (uint64_t)r.ru_utime.tv_usec,
		.system_us = (uint64_t)r.ru_stime.tv_sec * 1000000 + (uint64_t)r.ru_stime.tv_usec,
	};
}

void usage_add(struct usage *usage, const struct usage *other)
{
	usage->major_faults += other->major_faults;
	usage->minor_faults += other->minor_faults;
	usage->voluntary_switches += other->voluntary_switches;
	usage->involuntary_switches += other->involuntary_switches;
	usage->user_us += other->user_us;
	usage->system_us += other->system_us;
}

void usage_subtract(struct usage *usage, const struct usage *before)
{
	usage->major_faults -= before->major_faults;
	usage->minor_faults -= before->minor_faults;
	usage->voluntary_switches -= before->voluntary_switches;
	usage->involuntary_switches -= before->involuntary_switches;
	usage->user_us -= before->user_us;
	usage->system_us -= before->system_us;
}

static void print_histogram(const struct histogram *histogram)
{
	const char *separator = "";
	unsigned int i;

	printf("\"access_ns_sum\": %" PRIu64 ", \"histogram\": [", histogram->sum);
	for (i = 0; i < HISTOGRAM_SIZE; i++) {
		if (!histogram->count[i])
			continue;
		printf("%s[%" PRIu64 ", %u]", separator, bucket_end(i), histogram->count[i]);
		separator = ", ";
	}
	printf("]");
}

void print_phase(const struct phase *phase, unsigned long accesses, const struct usage *usage,
		 const struct histogram *histogram)
{
	static const char *separator = "";

	printf("%s\n{\"label\": \"%s\", \"operation\": \"%s\", \"order\": \"%s\", ", separator,
	       phase->label, operation_name(phase->operation), order_name(phase->order));
	separator = ",";
	printf("\"threads\": %u, \"accesses\": %lu, ", phase->threads, accesses);
	printf("\"major_faults\": %" PRIu64 ", \"minor_faults\": %" PRIu64 ", ",
	       usage->major_faults, usage->minor_faults);
	printf("\"voluntary_switches\": %" PRIu64 ", \"involuntary_switches\": %" PRIu64 ", ",
	       usage->voluntary_switches, usage->involuntary_switches);
	printf("\"user_us\": %" PRIu64 ", \"system_us\": %" PRIu64 ", ", usage->user_us,
	       usage->system_us);
	counters_print();
	print_histogram(histogram);
	printf("}");
}
