/* A trail of 60 events with two members, two anchors and a signed head, and its files: what the audit tests
 * stand on. */
#pragma once
#include "audit/audit-private.h"
#include <glib/gstdio.h>
#include <sodium.h>

/* ---- members and trails ---- */

#define PROJECT "P-TEST2345"
#define START_US G_GINT64_CONSTANT(1795000000000000)

typedef struct {
  const char *code;
  guint8 secret[64];
  char key_hex[65];
} Member;

static inline void
sign_cb(gpointer signer, const void *data, gsize n_bytes, uint8_t signature[64])
{
  const Member *member = signer;
  crypto_sign_detached(signature, NULL, data, n_bytes, member->secret);
}

static inline Member
member_make(const char *code, guint8 seed_byte)
{
  Member member = {.code = code};
  guint8 seed[32], public_key[32];
  memset(seed, seed_byte, sizeof seed);
  crypto_sign_seed_keypair(public_key, member.secret, seed);
  cr_hex_into(public_key, 32, member.key_hex);
  return member;
}

static inline char *
checkpoint(CrChain *chain, Member *member)
{
  return cr_chain_checkpoint(chain, member->code, member->key_hex, sign_cb, member);
}

typedef struct {
  CrEnv *env;
  CrChain *chain;
  Member ann, ben, stranger;
  GPtrArray *lines; /* char* with newline */
  char *anchor_20, *anchor_40, *head_60;
  char *dir, *log_path, *head_path, *anchor_20_path, *anchor_40_path;
} Trail;

static inline void
add(Trail *trail, const CrEvent *event)
{
  g_ptr_array_add(trail->lines, cr_chain_append(trail->chain, event));
}

static inline void
add_member(Trail *trail, const Member *member)
{
  g_autofree char *object = g_strconcat("member:", member->code, NULL);
  g_autofree char *value = g_strdup_printf("{\"key\":\"%s\",\"roles\":\"lead,privacy\"}", member->key_hex);
  add(trail, &(CrEvent){"system", "lead", "S-1", object, "member.added", NULL, value, NULL, FALSE});
}

static inline void
add_plain(Trail *trail, guint64 i)
{
  static const char *const actions[] = {"note.imported", "note.viewed", "label.added", "export.written"};
  g_autofree char *object = g_strdup_printf("note:N-%04u", (guint)(i * 37 % 9999));
  g_autofree char *reason = i % 7 == 0 ? g_strdup_printf("\"why\" %u\né", (guint)i) : NULL;
  add(trail, &(CrEvent){i % 2 ? "M-ANNAAA" : "M-BENBBB", "privacy", "S-2", object, actions[i % 4],
                        i % 3 ? NULL : "imported", "detected", reason, i % 5 == 0});
}

static inline char *
path_in(const Trail *trail, const char *name)
{
  return g_build_filename(trail->dir, name, NULL);
}

/* 60 events; anchors at 20 (Ann) and 40 (Ben), the head at 60 (Ann). */
static inline Trail *
trail_new(void)
{
  Trail *trail = g_new0(Trail, 1);
  trail->env = cr_env_test_new(START_US, 1000003, 1, NULL);
  trail->chain = cr_chain_new(trail->env, PROJECT);
  trail->lines = g_ptr_array_new_with_free_func(g_free);
  trail->ann = member_make("M-ANNAAA", 1);
  trail->ben = member_make("M-BENBBB", 2);
  trail->stranger = member_make("M-STRANG", 3);
  trail->dir = g_dir_make_tmp("chartroom-audit-XXXXXX", NULL);
  trail->log_path = path_in(trail, "audit.log");
  trail->head_path = path_in(trail, "audit.head");
  trail->anchor_20_path = path_in(trail, "anchor-20");
  trail->anchor_40_path = path_in(trail, "anchor-40");
  add(trail, &(CrEvent){"system", NULL, "S-1", "project", "project.made", NULL, NULL, NULL, FALSE});
  add_member(trail, &trail->ann);
  add_member(trail, &trail->ben);
  for (guint64 i = trail->lines->len; i < 60; i = trail->lines->len) {
    if (i == 20)
      trail->anchor_20 = checkpoint(trail->chain, &trail->ann);
    if (i == 40)
      trail->anchor_40 = checkpoint(trail->chain, &trail->ben);
    add_plain(trail, i);
  }
  trail->head_60 = checkpoint(trail->chain, &trail->ann);
  return trail;
}

static inline void
trail_free(Trail *trail)
{
  g_remove(trail->log_path);
  g_remove(trail->head_path);
  g_remove(trail->anchor_20_path);
  g_remove(trail->anchor_40_path);
  g_assert_cmpint(g_rmdir(trail->dir), ==, 0);
  char *owned[] = {trail->anchor_20, trail->anchor_40, trail->head_60,        trail->dir,
                   trail->log_path,  trail->head_path, trail->anchor_20_path, trail->anchor_40_path};
  for (guint i = 0; i < G_N_ELEMENTS(owned); i++)
    g_free(owned[i]);
  g_ptr_array_unref(trail->lines);
  cr_chain_free(trail->chain);
  cr_env_test_free(trail->env);
  g_free(trail);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Trail, trail_free)

/* Plainly: these files need not survive anything. NULL removes. */
static inline void
put(const char *path, const char *bytes, gsize n_bytes)
{
  if (!bytes) {
    g_remove(path);
    return;
  }
  FILE *file = fopen(path, "wb");
  g_assert_nonnull(file);
  g_assert_cmpuint(fwrite(bytes, 1, n_bytes, file), ==, n_bytes);
  g_assert_cmpint(fclose(file), ==, 0);
}

static inline void
put_text(const char *path, const char *text)
{
  put(path, text, text ? strlen(text) : 0);
}

static inline GString *
joined(const GPtrArray *lines)
{
  GString *log = g_string_new(NULL);
  for (guint i = 0; i < lines->len; i++)
    g_string_append(log, lines->pdata[i]);
  return log;
}

static inline void
put_trail(const Trail *trail)
{
  g_autoptr(GString) log = joined(trail->lines);
  put(trail->log_path, log->str, log->len);
  put_text(trail->head_path, trail->head_60);
  put_text(trail->anchor_20_path, trail->anchor_20);
  put_text(trail->anchor_40_path, trail->anchor_40);
}

static inline CrAuditReport *
verify(const Trail *trail, gboolean with_anchors)
{
  const char *anchors[] = {trail->anchor_40_path, trail->anchor_20_path, NULL};
  g_autoptr(GError) error = NULL;
  CrAuditReport *report =
      cr_audit_verify(trail->log_path, trail->head_path, with_anchors ? anchors : NULL, PROJECT, &error);
  g_assert_no_error(error);
  g_assert_cmpint(report->ok, ==, report->what == NULL);
  g_assert_true(!report->what || !strchr(report->what, '\n'));
  return report;
}

static inline gboolean
has_note(const CrAuditReport *report, const char *part)
{
  for (guint i = 0; i < report->notes->len; i++)
    if (strstr(report->notes->pdata[i], part))
      return TRUE;
  return FALSE;
}

/* The number of the line that holds the byte. */
static inline guint
lines_before(const GString *log, gsize n_bytes)
{
  guint n = 0;
  for (gsize i = 0; i < n_bytes; i++)
    n += log->str[i] == '\n';
  return n;
}
