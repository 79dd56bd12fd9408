import assert from "node:assert/strict";
import { test } from "node:test";
import { captureCode, loudness, openCapture } from "../../../static/js/lib/recording/capture.js";
import { pickMimeType } from "../../../static/js/lib/recording/codec.js";

const only =
  (...types) =>
  (type) =>
    types.includes(type);

test("vp9 is preferred, then vp8, then mp4", () => {
  const vp9 = "video/webm;codecs=vp9,opus";
  const vp8 = "video/webm;codecs=vp8,opus";
  assert.equal(pickMimeType(only(vp8, vp9)), vp9);
  assert.equal(pickMimeType(only(vp8, "video/mp4")), vp8);
  assert.equal(pickMimeType(only("video/mp4")), "video/mp4");
  assert.equal(pickMimeType(only()), null);
});

test("without a picture only audio types are taken", () => {
  assert.equal(
    pickMimeType(() => true, { video: false }),
    "audio/webm;codecs=opus",
  );
});

for (const [name, code] of [
  ["NotAllowedError", "not_allowed"],
  ["SecurityError", "not_allowed"],
  ["NotFoundError", "not_found"],
  ["NotReadableError", "not_readable"],
  ["AbortError", "not_readable"],
  ["OverconstrainedError", "overconstrained"],
  ["TypeError", "unknown"],
]) {
  test(`${name} is told as ${code}`, () => assert.equal(captureCode({ name }), code));
}

function browser({ secure = true, recorder = true, camera = "prompt", fails = null } = {}) {
  const MediaRecorder = Object.assign(() => {}, { isTypeSupported: () => recorder === true });
  const asked = [];
  const getUserMedia = async (constraints) => {
    asked.push(constraints);
    if (fails) throw Object.assign(new Error(fails), { name: fails });
    return "stream";
  };
  const query = async ({ name }) => ({ state: name === "camera" ? camera : "granted" });
  const navigator = { mediaDevices: { getUserMedia }, permissions: { query } };
  const found = recorder === null ? {} : { MediaRecorder };
  return { scope: { isSecureContext: secure, navigator, ...found }, asked };
}

for (const [setup, code] of [
  [{ secure: false }, "insecure"],
  [{ recorder: null }, "no_recorder"],
  [{ recorder: false }, "no_recorder"],
  [{ fails: "NotFoundError" }, "not_found"],
]) {
  test(`${JSON.stringify(setup)} fails as ${code}`, async () => {
    await assert.rejects(openCapture({}, browser(setup).scope), { code, blocked: false });
  });
}

test("a stored refusal is told without asking again", async () => {
  const { scope, asked } = browser({ camera: "denied" });
  const expected = { code: "not_allowed", blocked: true, devices: ["camera"] };
  await assert.rejects(openCapture({}, scope), expected);
  assert.deepEqual(asked, []);
});

test("camera and microphone are asked for at 720p and 30 pictures a second", async () => {
  const { scope, asked } = browser();
  await openCapture({}, scope);
  const [{ video, audio }] = asked;
  const { width, height, frameRate } = video;
  assert.deepEqual([width.ideal, height.ideal, frameRate.ideal], [1280, 720, 30]);
  assert.ok(audio);
});

test("microphone alone does not ask for the camera", async () => {
  const { scope, asked } = browser({ camera: "denied" });
  assert.equal(await openCapture({ video: false, audio: true }, scope), "stream");
  assert.deepEqual(asked, [{ video: false, audio: true }]);
});

test("silence is 0, full scale is 1, speech in between", () => {
  assert.equal(loudness(new Float32Array(64)), 0);
  assert.equal(loudness(new Float32Array(64).fill(1)), 1);
  const speech = loudness(new Float32Array(64).fill(0.05));
  assert.ok(speech > 0.4 && speech < 0.8);
});
