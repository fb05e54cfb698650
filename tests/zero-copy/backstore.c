// A disk behind TCMU that does what a good backstore never does: the kernel's half of zero copy has to bear it.
//
//   backstore -d UIO -f FILE [-a MIB] [-e memory|file] [-o OUTPUT] [-H FILE] [MISDEED...]
//
//   -d  the UIO device, /dev/uioN                  -f  where the disk's bytes lie; the file's size is the disk's
//   -a  size of the zero copy area                 -e  by memcpy from and to the mapped file, or by pread and pwrite (default memory)
//   -o  where the counters are written at SIGUSR1 and at the end
//   -D  prints mailbox, beginning of the ring and flags of the mapping, and ends
//   -H  while this file exists, commands are taken and their pages touched, but none is answered
//
//   after       touches the pages of each command once more when it is completed
//   scribble    stores into the pages of each write command before it is done
//   rogues=N    N threads touch the zero copy area all over, all the time
//   second      a second mapping, used by turns; "after" looks into both
//   private     a private mapping that looks at the pages of each command
//   fork        forks a child now and then that looks for the mapping
//   dontneed    drops the mapping's page table entries between commands
//   protect     takes write permission from the area and gives it back, between touching and serving
//   late=N:S    sleeps S seconds over every Nth zero copy command, after touching a part of it, and serves it then
//   keep        completes each zero copy command with KEEP_BUF, looks at its buffer later and frees it by way of -k
//   lost=N      never answers every Nth zero copy command
//   -k  the device's action/free_kept_buf
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, BLOCK = 512, MOST = 1024, VECTORS = 300, GOOD = 0, CHECK_CONDITION = 2 };
enum { OP_PAD = 0, OP_COMMAND = 1, FLAG_KEEP_BUF = 4, FLAG_READ_LENGTH = 2, KERNEL_FLAG_ZERO_COPY = 1 };

struct mailbox {
	uint16_t version, flags;
	uint32_t ring_offset, ring_size, head;
	uint32_t tail __attribute__((aligned(64)));
};

struct header {
	uint32_t length_and_op;
	uint16_t id;
	uint8_t kernel_flags, user_flags;
};

struct vector {
	uint64_t base, length;
};

struct entry {
	struct header header;
	union {
		struct {
			uint32_t vectors, vectors_bidirectional, vectors_protection, pad;
			uint64_t cdb, pad1, pad2;
			struct vector vector[];
		} request;
		struct {
			uint8_t status, pad1;
			uint16_t pad2;
			uint32_t read_length;
			uint8_t sense[96];
		} response;
	};
};

struct command {
	struct entry *entry;
	uint32_t length;
	uint16_t id;
	uint8_t cdb[16];
	bool zero_copy, wrong;
	int vectors;
	struct vector vector[VECTORS];
};

// What is counted, in the order of its output.
enum { COMMANDS, ZERO_COPY, FAULTS_AFTER, READABLE_AFTER, STORES_REFUSED, STORES_ALLOWED, ROGUE_FAULTS, ROGUE_HITS, PRIVATE_READABLE, FORKS, CHILD_WITHOUT, SERVE_FAULTS, LATE, KEPT,
	KEPT_WRONG, LOST, COUNTERS };
static const char *const NAMES[COUNTERS] = { "commands", "zero_copy", "faults_after", "readable_after", "stores_refused", "stores_allowed", "rogue_faults", "rogue_hits",
	"private_readable", "forks", "child_without", "serve_faults", "late", "kept", "kept_wrong", "lost" };
static _Atomic uint64_t counters[COUNTERS];

static uint8_t *map[2], *private_map;
static size_t map_length, area_offset;
static int device, file, kept_file = -1, maps = 1;
static uint8_t *bytes;
static uint64_t size;
static const char *output, *hold;
static bool describe, by_file, after, scribble, private_too, forks, dontneed, protect, keep;
static unsigned rogues, late_every, late_seconds, lost_every;
static volatile sig_atomic_t stop, report;

// The thread comes back to where it armed itself when a page is not there.
static __thread sigjmp_buf back;
static __thread volatile sig_atomic_t armed;

static void on_fault(int signal)
{
	static const char text[] = "backstore: a page that is needed is not there\n";

	if (armed)
		siglongjmp(back, 1);
	(void)!write(2, text, sizeof(text) - 1);
	_exit(signal == SIGBUS ? 7 : 8);
}

static void on_signal(int signal)
{
	if (signal == SIGUSR1)
		report = 1;
	else
		stop = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "backstore: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void count(int counter) { atomic_fetch_add_explicit(&counters[counter], 1, memory_order_relaxed); }

static bool can_load(const volatile uint8_t *address)
{
	armed = 1;
	if (sigsetjmp(back, 1)) {
		armed = 0;
		return false;
	}
	(void)*address;
	armed = 0;
	return true;
}

static bool can_store(volatile uint8_t *address, uint8_t value)
{
	armed = 1;
	if (sigsetjmp(back, 1)) {
		armed = 0;
		return false;
	}
	*address = value;
	armed = 0;
	return true;
}

static void tell(void)
{
	FILE *to = output ? fopen(output, "w") : stdout;

	if (!to)
		die(output);
	for (int i = 0; i < COUNTERS; i++)
		fprintf(to, "%s %llu\n", NAMES[i], (unsigned long long)counters[i]);
	if (to != stdout)
		fclose(to);
	else
		fflush(to);
}

static uint64_t big_endian(const uint8_t *from, int length)
{
	uint64_t value = 0;

	while (length--)
		value = value << 8 | *from++;
	return value;
}

static void to_big_endian(uint8_t *to, uint64_t value, int length)
{
	while (length--) {
		to[length] = value;
		value >>= 8;
	}
}

static bool is_write(const struct command *c) { return c->cdb[0] == 0x2a || c->cdb[0] == 0x8a; }

static uint8_t *data(const struct command *c, int i) { return map[c->id % maps] + c->vector[i].base; }

// Copies a reply of ours into the data of a command; the rest is zeroes.
static void reply(struct command *c, const uint8_t *from, size_t length)
{
	for (int i = 0; i < c->vectors; i++) {
		size_t part = length < c->vector[i].length ? length : c->vector[i].length;

		memcpy(data(c, i), from, part);
		memset(data(c, i) + part, 0, c->vector[i].length - part);
		from += part;
		length -= part;
	}
}

static bool transfer(struct command *c)
{
	bool writes = is_write(c), ten = c->cdb[0] < 0x80;
	uint64_t offset = BLOCK * (ten ? big_endian(c->cdb + 2, 4) : big_endian(c->cdb + 2, 8));
	uint64_t length = BLOCK * (ten ? big_endian(c->cdb + 7, 2) : big_endian(c->cdb + 10, 4));

	if (offset + length > size)
		return false;
	for (int i = 0; i < c->vectors; i++) {
		size_t part = c->vector[i].length;

		if (by_file) {
			ssize_t done = writes ? pwrite(file, data(c, i), part, offset) : pread(file, data(c, i), part, offset);

			if (done != (ssize_t)part) {
				count(SERVE_FAULTS);
				return false;
			}
		} else if (writes) {
			memcpy(bytes + offset, data(c, i), part);
		} else {
			memcpy(data(c, i), bytes + offset, part);
		}
		offset += part;
	}
	return true;
}

static bool serve(struct command *c)
{
	uint8_t answer[96] = { 0 };

	switch (c->cdb[0]) {
	case 0x28: case 0x88: case 0x2a: case 0x8a:
		return transfer(c);
	case 0x00: case 0x1b: case 0x35: case 0x91:
		return true;
	case 0x12:
		if (c->cdb[1] & 1) {
			answer[1] = c->cdb[2];
			switch (c->cdb[2]) {
			case 0x00:
				memcpy(answer + 3, "\3\0\x83\xb0", 4);
				break;
			case 0x83:
				memcpy(answer + 3, "\14\1\3\0\10\x50\1\x40\x51\2\3\4\5", 13);
				break;
			case 0xb0:
				answer[3] = 0x3c;
				to_big_endian(answer + 8, 2048, 4);
				to_big_endian(answer + 12, 2048, 4);
				break;
			default:
				return false;
			}
			reply(c, answer, sizeof(answer));
		} else {
			memcpy(answer, "\0\0\6\2\37\0\0\2TEST    ZERO COPY       0001", 36);
			reply(c, answer, 36);
		}
		return true;
	case 0x1a:
		reply(c, (const uint8_t *)"\3\0\0\0", 4);
		return true;
	case 0x5a:
		reply(c, (const uint8_t *)"\0\6\0\0\0\0\0\0", 8);
		return true;
	case 0x25:
		to_big_endian(answer, size / BLOCK - 1, 4);
		to_big_endian(answer + 4, BLOCK, 4);
		reply(c, answer, 8);
		return true;
	case 0x9e:
		if ((c->cdb[1] & 0x1f) != 0x10)
			return false;
		to_big_endian(answer, size / BLOCK - 1, 8);
		to_big_endian(answer + 8, BLOCK, 4);
		reply(c, answer, 32);
		return true;
	default:
		return false;
	}
}

// Takes what is in the ring into our own memory, up to as many commands as there is room for.
static int take(struct mailbox *mailbox, uint32_t *position, struct command *into, int room)
{
	uint8_t *ring = (uint8_t *)mailbox + mailbox->ring_offset;
	uint32_t head = __atomic_load_n(&mailbox->head, __ATOMIC_ACQUIRE);
	int taken = 0;

	while (*position != head && taken < room) {
		struct entry *entry = (struct entry *)(ring + *position);
		uint32_t length = entry->header.length_and_op & ~7u;
		struct command *c = &into[taken++];

		memset(c, 0, sizeof(*c));
		c->length = length;
		if ((entry->header.length_and_op & 7) == OP_COMMAND) {
			c->entry = entry;
			c->id = entry->header.id;
			c->zero_copy = entry->header.kernel_flags & KERNEL_FLAG_ZERO_COPY;
			c->vectors = entry->request.vectors;
			if (c->vectors > VECTORS)
				abort();
			memcpy(c->vector, entry->request.vector, c->vectors * sizeof(struct vector));
			memcpy(c->cdb, (uint8_t *)mailbox + entry->request.cdb, sizeof(c->cdb));
			if (c->zero_copy && (c->vectors != 1 || c->vector[0].base < area_offset || c->vector[0].base + c->vector[0].length > map_length))
				c->wrong = true;
			if (!c->zero_copy && c->vectors && c->vector[0].base >= area_offset)
				c->wrong = true;
			if (c->wrong) {
				fprintf(stderr, "backstore: command %u has %d vectors, the first at %llx\n", c->id, c->vectors, (unsigned long long)c->vector[0].base);
				exit(1);
			}
		}
		*position = (*position + length) % mailbox->ring_size;
	}
	return taken;
}

static void kick(void)
{
	uint32_t any = 0;

	if (write(device, &any, 4) != 4)
		die("kick");
}

static void misdeeds_before(struct command *c)
{
	if (scribble && is_write(c)) {
		uint8_t *last = data(c, 0) + c->vector[0].length - 1;

		// Once without a page table entry and once with one that allows reading.
		count(can_store(data(c, 0), 0xee) ? STORES_ALLOWED : STORES_REFUSED);
		(void)can_load(last);
		count(can_store(last, 0xee) ? STORES_ALLOWED : STORES_REFUSED);
	}
	if (private_too && can_load(private_map + c->vector[0].base))
		count(PRIVATE_READABLE);
	if (protect) {
		(void)can_load(data(c, 0));
		if (mprotect(map[0], map_length, PROT_READ) || mprotect(map[0], map_length, PROT_READ | PROT_WRITE))
			die("mprotect");
	}
	if (late_every && counters[ZERO_COPY] % late_every == 0) {
		(void)can_load(data(c, 0));
		sleep(late_seconds);
		count(LATE);
	}
}

static void misdeeds_after(struct command *c)
{
	for (int i = 0; after && i < maps; i++) {
		uint8_t *gone = map[i] + c->vector[0].base;

		count(can_load(gone) ? READABLE_AFTER : FAULTS_AFTER);
		count(can_store(gone + c->vector[0].length - 1, 0xdd) ? READABLE_AFTER : FAULTS_AFTER);
	}
	if (dontneed && madvise(map[0], map_length, MADV_DONTNEED))
		die("MADV_DONTNEED");
	if (forks && counters[ZERO_COPY] % 64 == 0) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(can_load(map[0] + c->vector[0].base) || can_load(map[0]) ? 1 : 0);
		count(FORKS);
		if (child < 0 || waitpid(child, &status, 0) != child)
			die("fork");
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			count(CHILD_WITHOUT);
	}
}

// A kept buffer must still hold what it held, whatever has become of the command.
static void look_at_kept(struct command *c, const uint8_t *before)
{
	char id[16];
	int length = snprintf(id, sizeof(id), "%u", c->id);

	count(KEPT);
	if (memcmp(before, data(c, 0), c->vector[0].length))
		count(KEPT_WRONG);
	if (!can_store(data(c, 0), 0xaa) != is_write(c))
		count(KEPT_WRONG);
	if (pwrite(kept_file, id, length, 0) != length)
		die("free_kept_buf");
	if (can_load(data(c, 0)))
		count(KEPT_WRONG);
}

static void *rogue(void *seed)
{
	uint64_t x = 88172645463325252ull + (uintptr_t)seed;
	uint64_t pages = (map_length - area_offset) / PAGE;

	while (!stop) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		// Loads only of what may be another command's: stores there would be real damage, which is the backstore's own affair.
		count(can_load(map[0] + area_offset + x % pages * PAGE) ? ROGUE_HITS : ROGUE_FAULTS);
	}
	return NULL;
}

static void parse(int count_, char **arguments)
{
	unsigned area = 0;
	const char *device_path = NULL, *file_path = NULL, *kept = NULL;
	struct stat status;
	int option;

	while ((option = getopt(count_, arguments, "d:f:a:e:o:H:k:D")) != -1) {
		switch (option) {
		case 'd': device_path = optarg; break;
		case 'f': file_path = optarg; break;
		case 'a': area = atoi(optarg); break;
		case 'e': by_file = !strcmp(optarg, "file"); break;
		case 'o': output = optarg; break;
		case 'H': hold = optarg; break;
		case 'k': kept = optarg; break;
		case 'D': describe = true; break;
		default: exit(2);
		}
	}
	for (; optind < count_; optind++) {
		const char *misdeed = arguments[optind];

		if (!strcmp(misdeed, "after")) after = true;
		else if (!strcmp(misdeed, "scribble")) scribble = true;
		else if (!strcmp(misdeed, "second")) maps = 2;
		else if (!strcmp(misdeed, "private")) private_too = true;
		else if (!strcmp(misdeed, "fork")) forks = true;
		else if (!strcmp(misdeed, "dontneed")) dontneed = true;
		else if (!strcmp(misdeed, "protect")) protect = true;
		else if (!strcmp(misdeed, "keep")) keep = true;
		else if (sscanf(misdeed, "rogues=%u", &rogues) == 1) continue;
		else if (sscanf(misdeed, "lost=%u", &lost_every) == 1) continue;
		else if (sscanf(misdeed, "late=%u:%u", &late_every, &late_seconds) == 2) continue;
		else { fprintf(stderr, "backstore: unknown misdeed %s\n", misdeed); exit(2); }
	}
	if (!device_path || !file_path) { fprintf(stderr, "backstore: -d and -f are needed\n"); exit(2); }
	if ((device = open(device_path, O_RDWR | O_CLOEXEC)) < 0) die(device_path);
	if ((file = open(file_path, O_RDWR | O_CLOEXEC)) < 0 || fstat(file, &status)) die(file_path);
	if (kept && (kept_file = open(kept, O_WRONLY | O_CLOEXEC)) < 0) die(kept);
	size = status.st_size;
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (bytes == MAP_FAILED) die(file_path);

	char path[64], text[32];
	snprintf(path, sizeof(path), "/sys/class/uio/%s/maps/map0/size", strrchr(device_path, '/') + 1);
	FILE *attribute = fopen(path, "r");
	if (!attribute || !fgets(text, sizeof(text), attribute)) die(path);
	fclose(attribute);
	map_length = strtoull(text, NULL, 0);
	area_offset = map_length - ((size_t)area << 20);
	for (int i = 0; i < maps; i++) {
		map[i] = mmap(NULL, map_length, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
		if (map[i] == MAP_FAILED) die("mmap");
	}
	private_map = mmap(NULL, map_length, PROT_READ | PROT_WRITE, MAP_PRIVATE, device, 0);
	if (private_map == MAP_FAILED) die("mmap");
}

static void tell_description(void)
{
	char line[256], start[32];
	FILE *areas = fopen("/proc/self/smaps", "r");
	bool here = false;

	for (int i = 0; i < PAGE; i++)
		printf("%02x%s", map[0][i], i % 32 == 31 ? "\n" : "");
	snprintf(start, sizeof(start), "%lx-", (unsigned long)map[0]);
	while (areas && fgets(line, sizeof(line), areas)) {
		here |= !strncmp(line, start, strlen(start));
		if (here && !strncmp(line, "VmFlags", 7)) {
			printf("%s", line);
			break;
		}
	}
}

int main(int argument_count, char **arguments)
{
	static struct command commands[MOST];
	struct sigaction on = { .sa_handler = on_signal }, fault = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	parse(argument_count, arguments);
	if (describe) {
		tell_description();
		return 0;
	}
	sigaction(SIGUSR1, &on, NULL);
	sigaction(SIGTERM, &on, NULL);
	sigaction(SIGINT, &on, NULL);
	sigaction(SIGBUS, &fault, NULL);
	sigaction(SIGSEGV, &fault, NULL);

	struct mailbox *mailbox = (struct mailbox *)map[0];
	uint32_t position = mailbox->tail;
	uint8_t *before = malloc(4 << 20);

	for (uintptr_t i = 0; i < rogues; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, rogue, (void *)(i * 7919))) die("thread");
	}
	printf("serving\n");
	fflush(stdout);

	while (!stop) {
		struct pollfd poll_device = { .fd = device, .events = POLLIN };
		uint32_t events;

		if (report) {
			report = 0;
			tell();
		}
		if (mailbox->head == position) {
			int ready = poll(&poll_device, 1, 200);

			if (ready < 0 && errno != EINTR) die("poll");
			if (ready > 0 && read(device, &events, 4) != 4) break;
			if (ready <= 0) continue;
		}

		int taken = take(mailbox, &position, commands, MOST);

		if (hold && access(hold, F_OK) == 0) {
			for (int i = 0; i < taken; i++)
				if (commands[i].zero_copy) (void)can_load(data(&commands[i], 0));
			while (!stop && access(hold, F_OK) == 0) usleep(20000);
		}
		for (int i = 0; i < taken; i++) {
			struct command *c = &commands[i];

			if (!c->entry) {
				__atomic_store_n(&mailbox->tail, (mailbox->tail + c->length) % mailbox->ring_size, __ATOMIC_RELEASE);
				continue;
			}
			count(COMMANDS);
			if (c->zero_copy) {
				count(ZERO_COPY);
				misdeeds_before(c);
				if (lost_every && counters[ZERO_COPY] % lost_every == 0) {
					// It stays where it is, and with it all that comes behind.
					count(LOST);
					while (!stop) usleep(20000);
					break;
				}
			}

			bool good = serve(c), kept = keep && c->zero_copy && good;

			if (kept) memcpy(before, data(c, 0), c->vector[0].length);
			memset(&c->entry->response, 0, sizeof(c->entry->response));
			c->entry->header.user_flags = kept ? FLAG_KEEP_BUF : 0;
			if (!good) {
				c->entry->response.status = CHECK_CONDITION;
				memcpy(c->entry->response.sense, "\x70\0\5\0\0\0\0\12\0\0\0\0\x20\0\0\0\0\0", 18);
			}
			__atomic_store_n(&mailbox->tail, (mailbox->tail + c->length) % mailbox->ring_size, __ATOMIC_RELEASE);
			if (c->zero_copy) {
				kick();
				if (kept) look_at_kept(c, before);
				misdeeds_after(c);
			}
		}
		kick();
	}
	tell();
	return 0;
}
