/* Runs a language model on three tokens: infer model.ba */
#include <blockattn/blockattn.h>
#include <stdio.h>

#define TRY(call) if ((status = (call))) goto done
int main(int argc, char **argv) {
  ba_status *status; ba_model *model = NULL; ba_session *session = NULL;
  int64_t ids[] = {1, 2, 3};
  ba_tensor in = {ids, BA_I64, 2, {1, 3}}, out;
  TRY(ba_model_open(argc > 1 ? argv[1] : "model.ba", NULL, &model));
  TRY(ba_session_create(model, &session));
  TRY(ba_session_set_input(session, "input_ids", &in));
  TRY(ba_session_run(session, "full"));
  TRY(ba_session_output(session, "logits", &out));
  printf("first logit: %g\n", ((float *)out.data)[0]);
done:
  if (status) fprintf(stderr, "error: %s\n", ba_status_message(status));
  ba_session_free(session); ba_model_release(model);
  return ba_status_get_code(status);
}
