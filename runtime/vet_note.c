/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules about what a backend file says of itself: its note, name, ABI and build-id. No state, no threads.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/name.h"
#include "runtime/vet_rules.h"

static bool note_is(const struct vet *vet, const struct elf_note *note, const char *owner)
{
	char name[8] = "";
	size_t size = strlen(owner) + 1;
	return note->name_size == size && elf_read(&vet->elf, note->name, name, size) && memcmp(name, owner, size) == 0;
}

#define NOTE_DESC offsetof(struct tenon_note, abi_min)
#define NOTE_DESC_SIZE (sizeof(struct tenon_note) - NOTE_DESC)
/* Of ABI 1.0, which ends here: notes only grow (docs/ABI.md), and what an older one lacks is zeros. */
#define NOTE_DESC_LEAST (offsetof(struct tenon_note, uses) + sizeof(((struct tenon_note *)NULL)->uses) - NOTE_DESC)

static bool copy_note_text(char *out, const char *text, size_t size)
{
	if (!memchr(text, '\0', size))
		return false;
	memcpy(out, text, size);
	return true;
}

static int copy_note(struct vet *vet, const struct elf_note *found)
{
	if (found->type != TENON_NOTE_TYPE || found->desc_size < NOTE_DESC_LEAST)
		return refuse(vet,
			      "has a Tenon note of type %u with %u bytes, but this Tenon reads type %d with "
			      "at least %zu; rebuild it with the installed <tenon/backend.h>",
			      found->type, found->desc_size, TENON_NOTE_TYPE, NOTE_DESC_LEAST);
	struct tenon_note note = {0};
	elf_read(&vet->elf, found->desc, (char *)&note + NOTE_DESC,
		 found->desc_size < NOTE_DESC_SIZE ? found->desc_size : NOTE_DESC_SIZE);
	struct vetted *out = vet->out;
	if (!copy_note_text(out->name, note.name, sizeof note.name) ||
	    !copy_note_text(out->version, note.version, sizeof note.version) ||
	    !copy_note_text(out->vendor, note.vendor, sizeof note.vendor) ||
	    !copy_note_text(out->needs, note.needs, sizeof note.needs) ||
	    !copy_note_text(out->uses, note.uses, sizeof note.uses))
		return refuse(vet, "has a Tenon note with a text that does not end; "
				   "write the note with TENON_BACKEND()");
	out->abi_min = note.abi_min;
	out->abi_max = note.abi_max;
	vet->noted = true;
	return 0;
}

int vet_note(struct vet *vet)
{
	struct elf_note note, found = {0};
	size_t segment = 0, count = 0;
	for (uint64_t offset = 0; elf_next_note(&vet->elf, &segment, &offset, &note);) {
		if (!note_is(vet, &note, TENON_NOTE_OWNER))
			continue;
		found = note;
		count++;
	}
	if (count == 0)
		return refuse(vet, "has no Tenon note, so it is no backend; write one with TENON_BACKEND() "
				   "from <tenon/backend.h>");
	if (count > 1)
		return refuse(vet, "has %zu Tenon notes; use TENON_BACKEND() once a file", count);
	return copy_note(vet, &found);
}

int vet_name(struct vet *vet)
{
	const struct vetted *out = vet->out;
	if (!is_backend_name(out->name) || strcmp(out->name, "auto") == 0 || strcmp(out->name, "mixed") == 0)
		return refuse(vet, "its note gives it a name that no backend may have; use " BACKEND_NAME_RULE
				   ", but not auto or mixed");
	if (!is_printable(out->version) || !is_printable(out->vendor) || !is_printable(out->needs) ||
	    !is_printable(out->uses))
		return refuse(vet, "its note holds characters that are not printable ASCII");
	return 0;
}

int vet_abi(struct vet *vet)
{
	uint32_t min = vet->out->abi_min, max = vet->out->abi_max;
	const char *field = NULL;
	if (min > max)
		return refuse(vet, "its abi_min %u.%u is above its abi_max %u.%u", min >> 16, min & 0xffff, max >> 16,
			      max & 0xffff);
	if (min > TENON_ABI_CURRENT)
		field = "abi_min";
	else if (max < TENON_ABI_OLDEST)
		field = "abi_max";
	if (!field)
		return 0;
	uint32_t theirs = min > TENON_ABI_CURRENT ? min : max;
	uint32_t ours = min > TENON_ABI_CURRENT ? TENON_ABI_CURRENT : TENON_ABI_OLDEST;
	return refuse(vet, "its %s is %u.%u, but the %s ABI of this Tenon is %u.%u; %s", field, theirs >> 16,
		      theirs & 0xffff, min > TENON_ABI_CURRENT ? "newest" : "oldest", ours >> 16, ours & 0xffff,
		      min > TENON_ABI_CURRENT ? "use a newer Tenon or an older plugin" : "rebuild the plugin");
}

int vet_build_id(struct vet *vet)
{
	struct elf_note note;
	size_t segment = 0, count = 0;
	for (uint64_t offset = 0; elf_next_note(&vet->elf, &segment, &offset, &note);) {
		unsigned char id[sizeof vet->out->build_id / 2];
		if (!note_is(vet, &note, "GNU") || note.type != NT_GNU_BUILD_ID)
			continue;
		count++;
		if (note.desc_size == 0 || note.desc_size > sizeof id)
			return refuse(vet, "has a build-id of %u bytes, not 1 to %zu", note.desc_size, sizeof id);
		elf_read(&vet->elf, note.desc, id, note.desc_size);
		for (uint32_t i = 0; i < note.desc_size; i++)
			snprintf(vet->out->build_id + 2 * i, 3, "%02x", id[i]);
	}
	if (count != 1)
		return refuse(vet, "has %zu build-ids, not one; link it with -Wl,--build-id=sha1", count);
	return 0;
}
