/* audit: over a thousand seeded mutations of a trail, each of which must be caught, and called by its number
 * where the event is determined. */
#include "audit-trail.h"

typedef struct {
  GRand *rand;
  Trail *trail;
  GPtrArray *lines; /* owned copies, to be changed */
  GString *log;     /* made of lines, or changed itself */
  char *head;
  gint64 expected; /* the event, or ANY where only that it is caught is determined */
} Mutation;

#define ANY (-2)

static guint
pick(Mutation *m, guint from, guint to)
{
  return (guint)g_rand_int_range(m->rand, (gint32)from, (gint32)to);
}

static char *
line_at(Mutation *m, guint i)
{
  return m->lines->pdata[i];
}

static void
set_line(Mutation *m, guint i, char *line)
{
  g_free(m->lines->pdata[i]);
  m->lines->pdata[i] = line;
}

static void
join_lines(Mutation *m)
{
  g_string_truncate(m->log, 0);
  for (guint i = 0; i < m->lines->len; i++)
    g_string_append(m->log, line_at(m, i));
}

static void
edit_byte(Mutation *m)
{
  join_lines(m);
  gsize at = pick(m, 0, (guint)m->log->len);
  char old = m->log->str[at];
  m->expected = lines_before(m->log, at);
  while (m->log->str[at] == old)
    m->log->str[at] = (char)pick(m, 0, 256);
}

static void
remove_bytes(Mutation *m)
{
  join_lines(m);
  gsize at = pick(m, 0, (guint)m->log->len - 20);
  m->expected = lines_before(m->log, at);
  g_string_erase(m->log, (gssize)at, pick(m, 1, 20));
}

static void
insert_bytes(Mutation *m)
{
  join_lines(m);
  gsize at = pick(m, 0, (guint)m->log->len);
  m->expected = lines_before(m->log, at);
  g_string_insert_c(m->log, (gssize)at, (char)pick(m, 1, 256));
}

static void
delete_line(Mutation *m)
{
  guint i = pick(m, 0, m->lines->len);
  g_ptr_array_remove_index(m->lines, i);
  m->expected = i;
}

static void
swap_lines(Mutation *m)
{
  guint i = pick(m, 0, m->lines->len - 1), j = pick(m, i + 1, m->lines->len);
  gpointer kept = m->lines->pdata[i];
  m->lines->pdata[i] = m->lines->pdata[j];
  m->lines->pdata[j] = kept;
  m->expected = i;
}

static void
duplicate_line(Mutation *m)
{
  guint i = pick(m, 0, m->lines->len), to = pick(m, 0, m->lines->len + 1);
  g_ptr_array_insert(m->lines, (gint)to, g_strdup(line_at(m, i)));
  m->expected = MIN(i, to);
}

static void
truncate_anywhere(Mutation *m)
{
  join_lines(m);
  gsize n = pick(m, 0, (guint)m->log->len);
  g_string_truncate(m->log, n);
  m->expected = lines_before(m->log, n);
}

/* Log and head as they once were; the anchor at 40 is elsewhere and stays. */
static void
roll_back(Mutation *m)
{
  guint n = pick(m, 20, 40);
  g_ptr_array_set_size(m->lines, (gint)n);
  g_free(m->head);
  m->head = g_strdup(m->trail->anchor_20);
  m->expected = n;
}

/* Event i says something else; it and n_more behind it are hashed again, so that each of them fits. */
static void
forge(Mutation *m, guint i, guint n_more, const CrEvent *instead)
{
  char prev[CR_HEX_HASH + 1] = "";
  for (guint k = i; k <= i + n_more && k < m->lines->len; k++) {
    CrEventLine line = {0};
    char *fields[CR_N_FIELDS];
    g_assert_true(cr_event_line_parse(line_at(m, k), strlen(line_at(m, k)) - 1, &line));
    for (guint f = 0; f < CR_N_FIELDS; f++)
      fields[f] = cr_slice_dup(line.fields[f]);
    if (k == i)
      memcpy(prev, line.prev, CR_HEX_HASH);
    CrEvent event = {fields[CR_FIELD_ACTOR],  fields[CR_FIELD_ROLE],   fields[CR_FIELD_SESSION],
                     fields[CR_FIELD_OBJECT], fields[CR_FIELD_ACTION], fields[CR_FIELD_OLD],
                     fields[CR_FIELD_NEW],    fields[CR_FIELD_REASON], line.sealed};
    if (k == i && instead)
      event = *instead;
    else if (k == i)
      event.reason = "nothing happened";
    CrEventPlace place = {k, fields[CR_FIELD_TIME], fields[CR_FIELD_BOOT], line.mono_us, prev};
    GString *out = g_string_new(NULL);
    guint8 hash[CR_HASH_BYTES];
    cr_event_line_write(out, &place, &event, hash);
    cr_hex_into(hash, sizeof hash, prev);
    set_line(m, k, g_string_free(out, FALSE));
    for (guint f = 0; f < CR_N_FIELDS; f++)
      g_free(fields[f]);
  }
}

static void
forge_one(Mutation *m)
{
  guint i = pick(m, 0, m->lines->len);
  forge(m, i, 0, NULL);
  m->expected = i + 1 < m->lines->len ? (gint64)i : ANY;
}

static void
forge_some(Mutation *m) /* the last of those hashed again is the one that shows */
{
  guint i = pick(m, 0, m->lines->len - 3), n_more = pick(m, 1, 3);
  forge(m, i, n_more, NULL);
  m->expected = i + n_more;
}

static void
forge_tail(Mutation *m)
{
  forge(m, pick(m, 0, m->lines->len), G_MAXUINT / 2, NULL);
  m->expected = ANY;
}

/* The checkpoint that a chain which ran through these lines would give. */
static char *
sign_lines(Mutation *m, Member *member)
{
  g_autoptr(CrChain) chain = NULL;
  g_autoptr(GError) error = NULL;
  join_lines(m);
  put(m->trail->log_path, m->log->str, m->log->len);
  chain = cr_chain_load(m->trail->env, PROJECT, m->trail->log_path, NULL, &error);
  g_assert_no_error(error);
  return checkpoint(chain, member);
}

static void
resign_as_member(Mutation *m)
{
  Member mask = m->trail->stranger;
  mask.code = pick(m, 0, 2) ? "M-ANNAAA" : "M-BENBBB";
  forge(m, pick(m, 3, m->lines->len), G_MAXUINT / 2, NULL);
  g_free(m->head);
  m->head = sign_lines(m, &mask);
  m->expected = ANY;
}

/* The stranger even writes himself into the trail, before the newest anchor. */
static void
resign_as_new_member(Mutation *m)
{
  g_autofree char *value = g_strdup_printf("{\"key\":\"%s\",\"roles\":\"lead\"}", m->trail->stranger.key_hex);
  CrEvent event = {
      .actor = "system", .object = "member:M-STRANG", .action = "member.added", .new_value = value};
  forge(m, pick(m, 3, 40), G_MAXUINT / 2, &event);
  g_free(m->head);
  m->head = sign_lines(m, &m->trail->stranger);
  m->expected = ANY;
}

static void
edit_head(Mutation *m)
{
  gsize at = pick(m, 0, (guint)strlen(m->head));
  char old = m->head[at];
  while (m->head[at] == old)
    m->head[at] = (char)pick(m, 1, 256);
  m->expected = -1;
}

static void
cut_head(Mutation *m)
{
  m->head[pick(m, 0, (guint)strlen(m->head))] = '\0';
  m->expected = -1;
}

static void
older_head(Mutation *m)
{
  g_free(m->head);
  m->head = g_strdup(m->trail->anchor_20); /* while the anchor at 40 says that there was a newer one */
  m->expected = -1;
}

static void
foreign_line(Mutation *m)
{
  g_autoptr(CrChain) other = cr_chain_new(m->trail->env, "P-OTHER234");
  char *line = NULL;
  guint i = pick(m, 0, m->lines->len);
  for (guint k = 0; k <= i; k++) {
    g_free(line);
    line = cr_chain_append(other, &(CrEvent){.actor = "M-ANNAAA", .action = "note.viewed"});
  }
  set_line(m, i, line);
  m->expected = i + 1 == m->lines->len ? ANY : (gint64)i;
}

static const struct {
  const char *name;
  void (*apply)(Mutation *m);
} mutations[] = {{"edit a byte", edit_byte},
                 {"remove bytes", remove_bytes},
                 {"insert a byte", insert_bytes},
                 {"delete a line", delete_line},
                 {"swap lines", swap_lines},
                 {"duplicate a line", duplicate_line},
                 {"truncate", truncate_anywhere},
                 {"roll back", roll_back},
                 {"forge one event", forge_one},
                 {"forge some events", forge_some},
                 {"forge the tail", forge_tail},
                 {"sign as a member with another key", resign_as_member},
                 {"sign as a new member", resign_as_new_member},
                 {"edit the head", edit_head},
                 {"cut the head", cut_head},
                 {"put an older head", older_head},
                 {"put a foreign line", foreign_line}};

static void
mutate_once(Trail *trail, GRand *rand, guint kind)
{
  Mutation m = {.rand = rand, .trail = trail, .lines = g_ptr_array_new_with_free_func(g_free)};
  for (guint i = 0; i < trail->lines->len; i++)
    g_ptr_array_add(m.lines, g_strdup(trail->lines->pdata[i]));
  m.log = g_string_new(NULL);
  m.head = g_strdup(trail->head_60);
  mutations[kind].apply(&m);
  if (m.log->len == 0)
    join_lines(&m);
  put(trail->log_path, m.log->str, m.log->len);
  put_text(trail->head_path, m.head);
  g_autoptr(CrAuditReport) report = verify(trail, TRUE);
  if (report->ok || (m.expected != ANY && report->broken_at != m.expected)) {
    g_test_message("%s: expected event %d, got %d: %s", mutations[kind].name, (int)m.expected,
                   (int)report->broken_at, report->what ? report->what : "nothing found");
    g_test_fail();
  }
  g_ptr_array_unref(m.lines);
  g_string_free(m.log, TRUE);
  g_free(m.head);
}

static void
test_mutations(void)
{
  const guint per_kind = g_test_slow() ? 600 : 120; /* 10,200 and 2,040 in all */
  g_autoptr(Trail) trail = trail_new();
  g_autoptr(GRand) rand = g_rand_new_with_seed(20261122);
  put_trail(trail);
  for (guint kind = 0; kind < G_N_ELEMENTS(mutations); kind++)
    for (guint i = 0; i < per_kind; i++)
      mutate_once(trail, rand, kind);
  put_trail(trail); /* and what was never touched still passes */
  g_autoptr(CrAuditReport) report = verify(trail, TRUE);
  g_assert_true(report->ok);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  if (sodium_init() < 0)
    return 1;
  g_test_add_func("/audit/mutations", test_mutations);
  return g_test_run();
}
