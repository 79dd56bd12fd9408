// What recording in the room is made of; tests bring their own.
import { createNotes } from "./notes.js";
import { readRate } from "./pace.js";
import { openQueue, recordInto } from "./recording.js";
import { openSources } from "./sources.js";
import { lookForSpace } from "./space.js";

export const PARTS = { openQueue, openSources, recordInto, createNotes, lookForSpace, readRate };
