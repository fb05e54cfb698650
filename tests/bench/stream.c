// Direct reads or writes of one size that keep a queue full, and what they take. It starts once and measures many times, since a measurement takes less
// time than the start of a program in the virtual machine.
//
//   stream SERVER-PID    reads lines "read|write BYTES DEPTH MILLISECONDS SPAN DEVICE...", one after another, each on all its devices at once
//
// Answers each with a line "ALL COMMANDS NANOSECONDS MACHINE SERVER": how many there were, how many of them ended in the time that was measured, and the
// processor time of it in nanoseconds, of the whole machine and of the server.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Neighbours in the queue are none on the disk, or the kernel would make one command of them.
enum { MOST_DEPTH = 64, MOST_DEVICES = 8, STRIDE = 17 };

struct flow {
	pthread_t thread;
	const char *device;
	bool writes;
	int depth;
	size_t bytes, span;
	char *memory;
	size_t room;
	_Atomic long done;
};

struct moment {
	int64_t time, machine, server;
	long done;
};

static atomic_bool stop;
static clockid_t server;

static void die(const char *what)
{
	fprintf(stderr, "stream: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		die("clock");
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

// What the processors did not spend idle. The time that is idle is exact to a tick, the others are sampled.
static int64_t machine_busy(int64_t now)
{
	long long user, nice, system, idle, wait;
	FILE *file = fopen("/proc/stat", "r");

	if (!file || fscanf(file, "cpu %lld %lld %lld %lld %lld", &user, &nice, &system, &idle, &wait) != 5)
		die("/proc/stat");
	fclose(file);
	return now * sysconf(_SC_NPROCESSORS_ONLN) - (idle + wait) * (1000000000ll / sysconf(_SC_CLK_TCK));
}

static long count_done(struct flow *flows, int count)
{
	long done = 0;

	for (int i = 0; i < count; i++)
		done += flows[i].done;
	return done;
}

static struct moment look(struct flow *flows, int count)
{
	struct moment m = { .done = count_done(flows, count), .time = nanoseconds(CLOCK_MONOTONIC), .server = nanoseconds(server) };

	m.machine = machine_busy(m.time);
	return m;
}

// The memory of a flow stays for the next measurement. It is written to, since the kernel maps no pages of zeroes that nobody has written to.
static void prepare(struct flow *flow, const char *device, bool writes, size_t bytes, int depth, size_t span)
{
	char *memory = flow->memory;
	size_t room = flow->room;

	if (room < bytes * depth) {
		free(memory);
		room = bytes * depth;
		if (posix_memalign((void **)&memory, 4096, room))
			die("memory");
		memset(memory, 0x5a, room);
	}
	*flow = (struct flow){ .device = device, .writes = writes, .depth = depth, .bytes = bytes, .span = span, .memory = memory, .room = room };
}

static void *run(void *argument)
{
	struct flow *flow = argument;
	int file = open(flow->device, (flow->writes ? O_WRONLY : O_RDONLY) | O_DIRECT);
	aio_context_t context = 0;
	struct iocb blocks[MOST_DEPTH] = { 0 }, *ready[MOST_DEPTH];
	struct io_event events[MOST_DEPTH];
	int waiting = flow->depth, flying = 0;
	size_t offset = 0;

	if (file < 0 || syscall(SYS_io_setup, flow->depth, &context))
		die(flow->device);
	for (int i = 0; i < flow->depth; i++) {
		blocks[i].aio_lio_opcode = flow->writes ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
		blocks[i].aio_fildes = file;
		blocks[i].aio_buf = (uintptr_t)flow->memory + flow->bytes * i;
		blocks[i].aio_nbytes = flow->bytes;
		ready[i] = &blocks[i];
	}
	while (waiting || flying) {
		for (int i = 0; i < waiting; i++) {
			ready[i]->aio_offset = offset;
			offset = (offset + flow->bytes * STRIDE) % flow->span;
		}
		if (waiting && syscall(SYS_io_submit, context, waiting, ready) != waiting)
			die("io_submit");
		flying += waiting;
		waiting = 0;
		int ended = syscall(SYS_io_getevents, context, 1, flow->depth, events, NULL);
		if (ended < 1)
			die("io_getevents");
		for (int i = 0; i < ended; i++) {
			if (events[i].res != (int64_t)flow->bytes) {
				errno = events[i].res < 0 ? -events[i].res : EIO;
				die(flow->device);
			}
			if (!stop)
				ready[waiting++] = (struct iocb *)(uintptr_t)events[i].obj;
		}
		flying -= ended;
		flow->done += ended;
	}
	syscall(SYS_io_destroy, context);
	close(file);
	return NULL;
}

int main(int count, char **arguments)
{
	char line[1024];

	if (count != 2 || clock_getcpuclockid(atoi(arguments[1]), &server)) {
		fprintf(stderr, "stream: SERVER-PID\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		static struct flow flows[MOST_DEVICES];
		const char *direction = strtok(line, " \n"), *word;
		size_t bytes = strtoul(strtok(NULL, " \n"), NULL, 10);
		int depth = atoi(strtok(NULL, " \n")), milliseconds = atoi(strtok(NULL, " \n")), devices = 0;
		size_t span = strtoul(strtok(NULL, " \n"), NULL, 10);

		if (depth < 1 || depth > MOST_DEPTH) {
			errno = EINVAL;
			die("depth");
		}
		stop = false;
		while (devices < MOST_DEVICES && (word = strtok(NULL, " \n"))) {
			prepare(&flows[devices], word, !strcmp(direction, "write"), bytes, depth, span);
			devices++;
		}
		for (int i = 0; i < devices; i++)
			if (pthread_create(&flows[i].thread, NULL, run, &flows[i]))
				die("thread");
		usleep(milliseconds * 200);
		struct moment first = look(flows, devices);
		usleep(milliseconds * 1000);
		struct moment last = look(flows, devices);

		stop = true;
		for (int i = 0; i < devices; i++)
			pthread_join(flows[i].thread, NULL);
		printf("%ld %ld %lld %lld %lld\n", count_done(flows, devices), last.done - first.done, (long long)(last.time - first.time), (long long)(last.machine - first.machine),
			(long long)(last.server - first.server));
		fflush(stdout);
	}
	return 0;
}
