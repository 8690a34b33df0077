/* commands: every command has the shape of main: argv[0] is its name, and it returns the exit status. */
#pragma once

int cr_cmd_agree(int argc, char **argv);
int cr_cmd_assign(int argc, char **argv);
int cr_cmd_attack(int argc, char **argv);
int cr_cmd_attest(int argc, char **argv);
int cr_cmd_audit(int argc, char **argv);
int cr_cmd_convert(int argc, char **argv);
int cr_cmd_deid(int argc, char **argv);
int cr_cmd_destroy(int argc, char **argv);
int cr_cmd_detect(int argc, char **argv);
int cr_cmd_eval(int argc, char **argv);
int cr_cmd_learn(int argc, char **argv);
int cr_cmd_export(int argc, char **argv);
int cr_cmd_guidelines(int argc, char **argv);
int cr_cmd_import(int argc, char **argv);
int cr_cmd_init(int argc, char **argv);
int cr_cmd_label(int argc, char **argv);
int cr_cmd_member(int argc, char **argv);
int cr_cmd_monitor(int argc, char **argv);
int cr_cmd_override(int argc, char **argv);
int cr_cmd_project_agree(int argc, char **argv); /* agree, where the first argument is a project */
int cr_cmd_quality(int argc, char **argv);
int cr_cmd_redact(int argc, char **argv);
int cr_cmd_resolve(int argc, char **argv);
int cr_cmd_review(int argc, char **argv);
int cr_cmd_status(int argc, char **argv);
int cr_cmd_tag(int argc, char **argv);
int cr_cmd_train(int argc, char **argv);
