/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types whose layout test_dwarf.c knows, compiled with debug information for
 * several machines.  Nothing here runs.
 */
#include "sample.h"

struct elsewhere;		/* defined in second.c */
typedef struct elsewhere elsewhere_t;

typedef int myint;
typedef const volatile myint *myptr;

enum colour { RED, GREEN = 5, BLUE = 200 };
enum sign { MINUS = -3, PLUS = 3 };

struct inner {
	short	a;
	char	b[6];
};

struct link {
	struct link *next;
	struct link **prev;
};

struct sample {
	myint	 first;
	unsigned int second;
	struct inner in;
	struct inner many[4];
	union {
		int	 u_int;
		struct {
			short	 deep;
			unsigned short deeper;
		};
	};
	const volatile myint qualified;
	int	 grid[5][3];
	unsigned int low:1;
	unsigned int mid:12;
	int	 neg:7;
	enum colour bits:9;
	myptr	 pointer;
	struct elsewhere *away;
	elsewhere_t *away_too;
	struct link links[2];
	enum colour colour;
	enum sign sign;
	unsigned char byte;
	signed char sbyte;
	unsigned char pad[2];
	struct {
		int	 x, y;
	} named;
	int	 (*function)(int);
	int	 tail[];
};

struct empty {
	char	 none[0];
};

typedef struct {
	int	 of_typedef;
} anonymous_t;

struct sample sample;
struct empty empty;
anonymous_t anonymous;
elsewhere_t *elsewhere;
