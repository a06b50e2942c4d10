/** What of dropped files and folders is sent. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { dropped, picked } from "../../../src/neumo/web/static/dropped.js";

const file = (name, path = "") => ({ name, webkitRelativePath: path });

const entryOf = (name, content, above = "") => {
  const fullPath = `${above}/${name}`;
  if (!Array.isArray(content)) return { name, fullPath, isFile: true, isDirectory: false, file: (done, fail) => (content ? done(content) : fail()) };
  const parts = [...content.map(([inner, of]) => [entryOf(inner, of, fullPath)]), []];
  return { name, fullPath, isFile: false, isDirectory: true, createReader: () => ({ readEntries: (done) => done(parts.shift()) }) };
};

const drop = (entries, files = []) => dropped({ files, items: entries.map((entry) => ({ webkitGetAsEntry: () => entry })) });

const pathsOf = ({ found }) => found.map(({ path }) => path);

test("a file by itself is sent whatever it is called", () => {
  const names = ["a.png", "letter.txt", ".hidden", "Thumbs.db", "viewer.exe"];
  assert.deepEqual(pathsOf(picked(names.map((name) => file(name)))), names);
});

test("of a picked folder only what may be an image is sent", () => {
  const paths = ["cd/DICOMDIR", "cd/DICOM/IM0001", "cd/1.2.840.10008", "cd/autorun.inf", "cd/viewer.exe", "cd/__MACOSX/a.png", "cd/.DS_Store", "cd/x/._a.png", "cd/film.zip"];
  const taking = picked(paths.map((path) => file(path.split("/").at(-1), path)));
  assert.deepEqual(pathsOf(taking), ["cd/DICOMDIR", "cd/DICOM/IM0001", "cd/1.2.840.10008", "cd/film.zip"]);
  assert.equal(taking.unlike, 5);
});

test("a dropped folder is walked to its end, in parts and at any depth", async () => {
  const folder = entryOf("cd", [["b.png", file("b.png")], ["sub", [["deep", [["a.dcm", file("a.dcm")]]]]], ["gone.png", null], ["readme.txt", file("readme.txt")]]);
  const found = await drop([folder, entryOf("alone.txt", file("alone.txt"))]);
  assert.deepEqual(pathsOf(found), ["cd/b.png", "cd/sub/deep/a.dcm", "alone.txt"]);
  assert.deepEqual([found.unlike, found.beyond, found.unreadable], [1, 0, 1]);
});

test("of very many files, dropped or picked, those beyond the limit are counted", async () => {
  const names = Array.from({ length: 6000 }, (_, index) => `${index}.png`);
  const folder = entryOf("many", [...names.map((name) => [name, file(name)]), ["z.txt", file("z.txt")]]);
  for (const taking of [await drop([folder]), picked([...names.map((name) => file(name, `many/${name}`)), file("z.txt", "many/z.txt")])]) {
    assert.deepEqual([taking.found.length, taking.unlike, taking.beyond], [5000, 1, 1000]);
  }
});

test("without folders, and in browsers that know none, the files are taken", async () => {
  assert.equal((await drop([null], [file("a.png")])).found.length, 1);
});
