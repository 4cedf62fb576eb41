/* Forecast with an exported model in C, with the library of ONNX Runtime:
 *   cc forecast.c -I onnxruntime/include -L onnxruntime/lib -lonnxruntime -o forecast
 *   ./forecast model.onnx 368.5 369.2 371.1 nan 373.4
 */
#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>

static const OrtApi *ort;

static void check(OrtStatus *status) {
  if (status == NULL) return;
  fprintf(stderr, "%s\n", ort->GetErrorMessage(status));
  exit(EXIT_FAILURE);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s model.onnx VALUE...\n", argv[0]);
    return EXIT_FAILURE;
  }
  /* Opset 17, which every version since 1.12 reads. */
  ort = OrtGetApiBase()->GetApi(12);

  OrtEnv *env;
  OrtSessionOptions *options;
  OrtSession *session;
  check(ort->CreateEnv(ORT_LOGGING_LEVEL_WARNING, "forecast", &env));
  check(ort->CreateSessionOptions(&options));
  check(ort->CreateSession(env, argv[1], options, &session));

  /* One series: history has the shape (batch, time) = (1, steps). */
  int64_t shape[] = {1, argc - 2};
  float *history = malloc(sizeof(float) * (size_t)shape[1]);
  for (int step = 0; step < shape[1]; step++) history[step] = strtof(argv[step + 2], NULL);

  OrtMemoryInfo *memory;
  OrtValue *input, *forecast = NULL;
  check(ort->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
  check(ort->CreateTensorWithDataAsOrtValue(memory, history, sizeof(float) * (size_t)shape[1],
                                            shape, 2, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                                            &input));

  const char *inputs[] = {"history"}, *outputs[] = {"forecast"};
  const OrtValue *given[] = {input};
  check(ort->Run(session, NULL, inputs, given, 1, outputs, 1, &forecast));

  OrtTensorTypeAndShapeInfo *info;
  size_t count;
  float *values;
  check(ort->GetTensorTypeAndShape(forecast, &info));
  check(ort->GetTensorShapeElementCount(info, &count));
  check(ort->GetTensorMutableData(forecast, (void **)&values));
  for (size_t step = 0; step < count; step++) printf("%.2f ", values[step]);
  printf("\n");

  ort->ReleaseTensorTypeAndShapeInfo(info);
  ort->ReleaseValue(forecast);
  ort->ReleaseValue(input);
  ort->ReleaseMemoryInfo(memory);
  ort->ReleaseSession(session);
  ort->ReleaseSessionOptions(options);
  ort->ReleaseEnv(env);
  free(history);
  return EXIT_SUCCESS;
}
