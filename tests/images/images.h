/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of images against their expectations; test_images.c runs them. */
#ifndef IMAGES_H
#define IMAGES_H

#include <kvm.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "expect.h"
#include "image/image.h"

#define PAGE	4096

/* Per stretch: the large ones are sampled. */
#define MAX_PAGES 600

/* No image may keep us longer; what does hangs. */
#define PATIENCE 300

/* Counts the check, and says of the first few that fail why. */
bool expect_true(bool ok, const char *image, const char *what, uint64_t at,
    const char *why);
uint64_t next_random(uint64_t *state);

bool is_split(const char *image);

/*
 * Where part of a dump is missing, be it in other files, beyond the end, or
 * never written, what is not there may be lost rather than left out.
 */
bool may_be_lost(const char *image, const struct expect *e);

/* The container alone, and the image with its kernel file, from path. */
struct kvmi_image *open_container(const char *image, const struct expect *e,
    struct kvmi_err *err);
kvm_t *open_image(const char *image, const struct expect *e,
    const char *path, char *why);

/* Reads and translations all over: whatever comes of it, it ends. */
void use_memory(const char *image, kvm_t *kd);
/* The calls that do much by themselves as well. */
void use_all(const char *image, kvm_t *kd);

/* images_reads.c; cut: the file is incomplete. */
void check_random(const char *image, const struct expect *e, kvm_t *kd,
    int reads, bool cut);
void check_reads(const char *image, const struct expect *e, kvm_t *kd);
/* Below the public interface: also images that have no kernel to find. */
void check_physical(const char *image, const struct expect *e);

/* images_kernel.c: what is said of the kernel, and what is in it. */
void check_kernel(const char *image, const struct expect *e, kvm_t *kd);

/* images_walk.c: kvm_walk_pages(). */
void check_walk(const char *image, const struct expect *e, kvm_t *kd);

/* A copy in memory that can be changed; the holes stay holes. */
int copy_of(const char *image, off_t *size);

/* images_cut.c, images_bent.c: copies that were cut short, or changed. */
void check_cut(const char *image, const struct expect *e);
void check_bent(const char *image, const struct expect *e);

#endif
