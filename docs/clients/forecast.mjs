// Forecast with an exported model in Node.js:
//   npm install onnxruntime-node
//   node forecast.mjs model.onnx 368.5 369.2 371.1 NaN 373.4
import * as ort from "onnxruntime-node";

const [file, ...words] = process.argv.slice(2);
const history = Float32Array.from(words, Number);

const session = await ort.InferenceSession.create(file);
const { forecast } = await session.run({
  history: new ort.Tensor("float32", history, [1, history.length]),
});
console.log(Array.from(forecast.data, (value) => value.toFixed(2)).join(" "));
