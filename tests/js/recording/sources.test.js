import assert from "node:assert/strict";
import { test } from "node:test";
import { CaptureError } from "../../../static/js/lib/recording/capture.js";
import { openSources } from "../../../static/js/lib/recording/sources.js";

const opens = (failing) => async (wanted) => {
  const error = failing(wanted);
  if (error) throw error;
  return wanted;
};

test("without a camera the microphone is opened alone", async () => {
  const open = opens(({ video }) => video && new CaptureError("not_found"));
  const { stream, missing } = await openSources(open);
  assert.deepEqual([stream.video, missing], [false, "video"]);
});

test("without a microphone the camera is opened alone", async () => {
  const open = opens(({ audio }) => audio && new CaptureError("not_readable"));
  assert.equal((await openSources(open)).missing, "audio");
});

test("who has just said no is not asked again", async () => {
  let asked = 0;
  const open = opens(() => {
    asked += 1;
    return new CaptureError("not_allowed");
  });
  await assert.rejects(openSources(open), { code: "not_allowed" });
  assert.equal(asked, 1);
});

test("when nothing opens, the first reason is told", async () => {
  const codes = ["not_readable", "not_found", "not_found"];
  const open = opens(() => new CaptureError(codes.shift()));
  await assert.rejects(openSources(open), { code: "not_readable" });
});
