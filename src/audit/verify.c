/* verify: is this the trail that was written, whole and in order?
 *
 * One pass over the log. A checkpoint (audit.head, anchors) is compared when as many events as it signs have
 * passed: its signer's key must have come up in a "member.added" event by then, its signature must fit, and
 * its root and head must be those of the log. Needs no secret. Memory: the edge of the tree, the members'
 * keys, the checkpoints. */
#include "audit/audit-private.h"
#include <chartroom/json.h>

#define N G_GUINT64_FORMAT
#define MAX_CHECKPOINT_FILE (1u << 20)
#define MAX_TIME_NOTES 10

typedef struct {
  CrCheckpoint *checkpoint;
  char *label; /* "audit.head", the anchor file's name */
  gboolean is_head;
} Signed;

typedef struct {
  CrAuditReport *report;
  CrSequence sequence;
  const char *project_id;
  GPtrArray *keys;                /* Key, in the order in which the log introduced them */
  guint64 n_vouched;              /* events that a signer whom others vouch for signed */
  GPtrArray *checkpoints;         /* Signed, by size */
  guint next;                     /* the first that was not compared yet */
  guint64 n_trusted;              /* events that a matching checkpoint covers */
  guint64 head_size;              /* what audit.head signs */
  GString *last_time, *last_boot; /* as written, "" before the first event */
  gint64 last_mono_us;
  guint n_backwards;
} Verify;

/* ---- checkpoints from files ---- */

static void
signed_free(gpointer data)
{
  Signed *entry = data;
  cr_checkpoint_free(entry->checkpoint);
  g_free(entry->label);
  g_free(entry);
}

static gint
compare_signed(gconstpointer a, gconstpointer b)
{
  const CrCheckpoint *left = (*(Signed *const *)a)->checkpoint, *right = (*(Signed *const *)b)->checkpoint;
  return left->size < right->size ? -1 : left->size > right->size;
}

static void
add_checkpoint(Verify *verify, const char *label, gboolean is_head, const char *bytes, gsize n_bytes)
{
  CrCheckpoint *checkpoint = cr_checkpoint_parse(bytes, n_bytes);
  if (!checkpoint) {
    cr_report_finding(verify->report, -1, g_strdup_printf("%s: changed: it is not a checkpoint", label));
    return;
  }
  Signed *entry = g_new0(Signed, 1);
  *entry = (Signed){checkpoint, g_strdup(label), is_head};
  g_ptr_array_add(verify->checkpoints, entry);
}

/* audit.head is one line; an anchor file may hold several, oldest first or not. */
static void
add_lines(Verify *verify, const char *label, gboolean is_head, GBytes *file)
{
  gsize n = 0;
  const char *p = g_bytes_get_data(file, &n), *end = p + n;
  const char *newline = n > 0 ? memchr(p, '\n', n) : NULL;
  if (is_head || !newline) {
    add_checkpoint(verify, label, is_head, p ? p : "", n);
    return;
  }
  while (p < end) {
    newline = memchr(p, '\n', (gsize)(end - p));
    const char *stop = newline ? newline + 1 : end;
    add_checkpoint(verify, label, is_head, p, (gsize)(stop - p));
    p = stop;
  }
}

/* An error only where a file that is there cannot be read. */
static gboolean
load_checkpoints(Verify *verify, const char *path, gboolean is_head, GError **error)
{
  g_autofree char *label = g_path_get_basename(path);
  if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
    cr_report_finding(verify->report, -1,
                      g_strdup_printf("%s: missing: nothing signs the end of the trail", label));
    return TRUE;
  }
  g_autoptr(GBytes) file = cr_file_read(path, MAX_CHECKPOINT_FILE, error);
  if (!file)
    return FALSE;
  add_lines(verify, label, is_head, file);
  return TRUE;
}

/* ---- keys ---- */

typedef struct {
  char *member, *key_hex;
  guint64 introduced; /* the event */
  gboolean removed;
} Key;

static void
key_free(gpointer data)
{
  Key *key = data;
  g_free(key->member);
  g_free(key->key_hex);
  g_free(key);
}

static Key *
find_key(const Verify *verify, const char *member, const char *key_hex)
{
  for (guint i = 0; i < verify->keys->len; i++) {
    Key *key = verify->keys->pdata[i];
    if (strcmp(key->member, member) == 0 && (!key_hex || strcmp(key->key_hex, key_hex) == 0))
      return key;
  }
  return NULL;
}

/* The new value is {"key":"…","roles":"…"}. */
static void
introduce(Verify *verify, const CrEventLine *line, const char *member)
{
  g_autofree char *value = cr_slice_dup(line->fields[CR_FIELD_NEW]);
  g_autoptr(json_t) json = value ? cr_json_parse(value, strlen(value), NULL) : NULL;
  const char *key_hex = json_string_value(json_object_get(json, "key"));
  if (!key_hex || find_key(verify, member, key_hex))
    return;
  Key *key = g_new0(Key, 1);
  *key = (Key){g_strdup(member), g_strdup(key_hex), line->seq, FALSE};
  g_ptr_array_add(verify->keys, key);
}

static void
learn_members(Verify *verify, const CrEventLine *line)
{
  gboolean added = cr_slice_is(line->fields[CR_FIELD_ACTION], "member.added");
  if (!added && !cr_slice_is(line->fields[CR_FIELD_ACTION], "member.removed"))
    return;
  g_autofree char *object = cr_slice_dup(line->fields[CR_FIELD_OBJECT]);
  if (!object || !g_str_has_prefix(object, "member:"))
    return;
  const char *member = object + strlen("member:");
  if (added)
    introduce(verify, line, member);
  else
    for (guint i = 0; i < verify->keys->len; i++) {
      Key *key = verify->keys->pdata[i];
      key->removed |= strcmp(key->member, member) == 0;
    }
}

/* ---- comparing ---- */

static char *
check_signature(const Verify *verify, const Signed *entry)
{
  const CrCheckpoint *c = entry->checkpoint;
  if (strcmp(c->project, verify->project_id) != 0)
    return g_strdup_printf("%s: of another project", entry->label);
  if (!cr_checkpoint_signature_valid(c))
    return g_strdup_printf("%s: changed: the signature does not fit", entry->label);
  if (!find_key(verify, c->member, c->key_hex))
    return g_strdup_printf("%s: signed with a key that no member had before event %" N, entry->label,
                           c->size);
  return NULL;
}

static gboolean
same_tree(const Verify *verify, const CrCheckpoint *c)
{
  guint8 root[CR_HASH_BYTES];
  char root_hex[CR_HEX_HASH];
  cr_frontier_root(&verify->sequence.tree, root);
  cr_hex_into(root, sizeof root, root_hex);
  return memcmp(root_hex, c->root_hex, CR_HEX_HASH) == 0 &&
         (c->size == 0 || memcmp(verify->sequence.head_hex, c->head_hex, CR_HEX_HASH) == 0);
}

/* Anyone can write a member into a tail that no one signed before, and sign as that member. The first member
 * is the root; a later one is vouched for where a checkpoint of somebody vouched for covers the event that
 * introduced them. Others are not wrong, but worth a look. */
static void
check_vouched(Verify *verify, const Signed *entry)
{
  const CrCheckpoint *c = entry->checkpoint;
  const Key *key = find_key(verify, c->member, c->key_hex);
  if (key == verify->keys->pdata[0] || key->introduced < verify->n_vouched)
    verify->n_vouched = c->size;
  else
    cr_report_note(verify->report,
                   "%s: signed by %s, who came with event %" N
                   ", which no earlier checkpoint covers: compare the key %s with the member's own",
                   entry->label, c->member, key->introduced, c->key_hex);
  if (key->removed)
    cr_report_note(verify->report, "%s: signed by %s after the trail says that they were removed",
                   entry->label, c->member);
}

static void
trust(Verify *verify, const Signed *entry)
{
  const CrCheckpoint *c = entry->checkpoint;
  CrAuditReport *report = verify->report;
  verify->n_trusted = c->size;
  report->n_signed = c->size;
  g_free(report->signed_by);
  g_free(report->signed_at);
  report->signed_by = g_strdup(c->member);
  report->signed_at = g_strdup(c->time);
  cr_report_note(report, "%s: fits: %s signed %" N " events at %s", entry->label, c->member, c->size,
                 c->time);
  check_vouched(verify, entry);
}

/* The events are whole and linked, yet not those that were signed: from some event on all were made again. */
static void
tree_differs(Verify *verify, const Signed *entry)
{
  guint64 from = verify->n_trusted, size = entry->checkpoint->size;
  gboolean one = size - from == 1;
  char *what =
      one ? g_strdup_printf("event %" N ": made again: %s signed another", from, entry->label)
          : g_strdup_printf("events %" N " to %" N " are not those that %s signed: one of them was changed "
                            "and all behind it made again",
                            from, size > 0 ? size - 1 : 0, entry->label);
  cr_report_finding(verify->report, one ? (gint64)from : -1, what);
}

/* Compares what is due at this many events. */
static void
compare_due(Verify *verify)
{
  for (; verify->next < verify->checkpoints->len; verify->next++) {
    const Signed *entry = verify->checkpoints->pdata[verify->next];
    if (entry->checkpoint->size > verify->sequence.tree.size)
      return;
    char *wrong = check_signature(verify, entry);
    if (wrong)
      cr_report_finding(verify->report, -1, wrong);
    else if (!same_tree(verify, entry->checkpoint))
      tree_differs(verify, entry);
    else
      trust(verify, entry);
  }
}

/* Clocks are set and machines sleep: noted, not a fault. */
static void
check_time(Verify *verify, const CrEventLine *line)
{
  const CrSlice time = line->fields[CR_FIELD_TIME], boot = line->fields[CR_FIELD_BOOT];
  gboolean same_boot = cr_slice_is(boot, verify->last_boot->str);
  gboolean back =
      verify->last_time->len == time.n_bytes && memcmp(time.bytes, verify->last_time->str, time.n_bytes) < 0;
  gboolean mono_back = same_boot && line->mono_us < verify->last_mono_us;
  if ((back || mono_back) && verify->n_backwards++ < MAX_TIME_NOTES)
    cr_report_note(verify->report, "event %" N ": the %s goes back", line->seq,
                   back ? "clock" : "time since the machine's start");
  g_string_truncate(verify->last_time, 0);
  g_string_append_len(verify->last_time, time.bytes, (gssize)time.n_bytes);
  if (!same_boot) {
    g_string_truncate(verify->last_boot, 0);
    g_string_append_len(verify->last_boot, boot.bytes, (gssize)boot.n_bytes);
  }
  verify->last_mono_us = line->mono_us;
}

static gboolean
verify_cb(const CrScanned *scanned, gpointer data)
{
  Verify *verify = data;
  if (!cr_sequence_take(&verify->sequence, scanned))
    return FALSE;
  check_time(verify, &scanned->line);
  learn_members(verify, &scanned->line);
  compare_due(verify);
  return TRUE;
}

/* ---- the end ---- */

/* Checkpoints of more events than there are. */
static void
check_missing_tail(Verify *verify)
{
  guint64 n = verify->sequence.tree.size;
  for (; verify->next < verify->checkpoints->len; verify->next++) {
    const Signed *entry = verify->checkpoints->pdata[verify->next];
    const CrCheckpoint *c = entry->checkpoint;
    if (strcmp(c->project, verify->project_id) != 0 || !cr_checkpoint_signature_valid(c))
      cr_report_finding(verify->report, -1, check_signature(verify, entry));
    else
      cr_report_finding(
          verify->report, (gint64)n,
          g_strdup_printf("events from %" N " on are missing: %s signed %" N, n, entry->label, c->size));
  }
}

static void
check_head_newest(Verify *verify)
{
  const Signed *head = NULL, *newest = NULL;
  for (guint i = 0; i < verify->checkpoints->len; i++) {
    newest = verify->checkpoints->pdata[i];
    head = newest->is_head ? newest : head;
  }
  if (head && head->checkpoint->size < newest->checkpoint->size)
    cr_report_finding(verify->report, -1,
                      g_strdup_printf("%s: rolled back: it signs %" N " events, %s signs %" N, head->label,
                                      head->checkpoint->size, newest->label, newest->checkpoint->size));
}

static void
note_what_is_excluded(Verify *verify)
{
  CrAuditReport *report = verify->report;
  guint64 n = verify->sequence.tree.size, n_signed = report->n_signed;
  if (verify->n_backwards > MAX_TIME_NOTES)
    cr_report_note(report, "the clock goes back at %u events in all", verify->n_backwards);
  if (n_signed > 0)
    cr_report_note(
        report, "excluded since %s: that one of the first %" N " events was changed, dropped, added or moved",
        report->signed_at, n_signed);
  if (n > n_signed)
    cr_report_note(report, "not signed yet: %" N " events from %" N " on; the chain alone speaks for them",
                   n - n_signed, n_signed);
  cr_report_note(report, "not excluded: what someone who holds all keys did between two anchors");
}

static void
finish(Verify *verify, const char *log_path, gsize torn_bytes)
{
  CrAuditReport *report = verify->report;
  CrSequence *sequence = &verify->sequence;
  guint8 root[CR_HASH_BYTES];
  cr_frontier_root(&sequence->tree, root);
  report->n_events = sequence->tree.size;
  report->root = cr_hex(root, sizeof root);
  report->head = g_strndup(sequence->head_hex, CR_HEX_HASH);
  if (sequence->fault == CR_FAULT_NONE && torn_bytes > 0)
    sequence->fault = CR_FAULT_TORN;
  if (sequence->fault != CR_FAULT_NONE) {
    gint64 broken_at = -1;
    char *what = cr_sequence_explain(sequence, log_path, &broken_at);
    cr_report_chain_finding(report, broken_at, what);
    return;
  }
  check_missing_tail(verify);
  check_head_newest(verify);
  if (sequence->tree.size == 0)
    cr_report_finding(report, -1, g_strdup("the trail is empty"));
}

static gboolean
verify_log(Verify *verify, const char *log_path, GError **error)
{
  gsize torn_bytes = 0;
  g_ptr_array_sort(verify->checkpoints, compare_signed);
  cr_sequence_init(&verify->sequence, verify->project_id);
  if (g_file_test(log_path, G_FILE_TEST_EXISTS)) {
    compare_due(verify);
    if (!cr_audit_scan(log_path, 0, TRUE, verify_cb, verify, &torn_bytes, error))
      return FALSE;
  } else {
    g_autofree char *name = g_path_get_basename(log_path);
    cr_report_finding(verify->report, 0, g_strdup_printf("%s: missing", name));
  }
  finish(verify, log_path, torn_bytes);
  return TRUE;
}

static void
verify_clear(Verify *verify)
{
  g_ptr_array_unref(verify->keys);
  g_ptr_array_unref(verify->checkpoints);
  g_string_free(verify->last_time, TRUE);
  g_string_free(verify->last_boot, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Verify, verify_clear)

CrAuditReport *
cr_audit_verify(const char *log_path, const char *head_path, const char *const *anchors,
                const char *project_id, GError **error)
{
  g_autoptr(CrAuditReport) of_events = cr_report_new();
  g_auto(Verify) verify = {.project_id = project_id};
  verify.keys = g_ptr_array_new_with_free_func(key_free);
  verify.last_time = g_string_new(NULL);
  verify.last_boot = g_string_new(NULL);
  verify.checkpoints = g_ptr_array_new_with_free_func(signed_free);
  g_autoptr(CrAuditReport) of_files = cr_report_new(); /* events come before files in what is said first */
  verify.report = of_files;
  gboolean read = !head_path || load_checkpoints(&verify, head_path, TRUE, error);
  for (guint i = 0; read && anchors && anchors[i]; i++)
    read = load_checkpoints(&verify, anchors[i], FALSE, error);
  verify.report = of_events;
  if (!read || !verify_log(&verify, log_path, error))
    return NULL;
  if (!of_files->ok)
    cr_report_finding(of_events, -1, g_steal_pointer(&of_files->what));
  for (guint i = 0; i < of_files->notes->len; i++)
    cr_report_note(of_events, "%s", (const char *)of_files->notes->pdata[i]);
  note_what_is_excluded(&verify);
  return g_steal_pointer(&of_events);
}
