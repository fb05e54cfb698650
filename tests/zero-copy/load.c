// Direct reads or writes of one size, one after another, and what one of them takes: nanoseconds, which are instructions where the machine's clock counts them.
//
//   load read|write DEVICE BYTES COUNT
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(int count, char **arguments)
{
	if (count != 5) {
		fprintf(stderr, "load: read|write DEVICE BYTES COUNT\n");
		return 2;
	}

	int writes = !strcmp(arguments[1], "write"), device = open(arguments[2], (writes ? O_WRONLY : O_RDONLY) | O_DIRECT);
	size_t bytes = strtoul(arguments[3], NULL, 0);
	int times = atoi(arguments[4]), warm = times / 8 + 2;
	int64_t from = 0;
	char *buffer;

	if (device < 0 || posix_memalign((void **)&buffer, 4096, bytes)) {
		perror(arguments[2]);
		return 1;
	}
	memset(buffer, 0x5a, bytes);
	for (int i = -warm; i < times; i++) {
		off_t offset = (off_t)((i + warm) % 16) * bytes;
		ssize_t done;

		if (i == 0)
			from = now();
		done = writes ? pwrite(device, buffer, bytes, offset) : pread(device, buffer, bytes, offset);
		if (done != (ssize_t)bytes) {
			perror(arguments[1]);
			return 1;
		}
	}
	printf("%lld\n", (long long)(now() - from) / times);
	return 0;
}
