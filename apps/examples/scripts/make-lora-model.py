#!/usr/bin/python3
"""Trains the model of the `lora` example in PyTorch and writes its weights, and answers to compare with.

    /usr/bin/python3 apps/examples/scripts/make-lora-model.py

Needs PyTorch and numpy; the files were written with PyTorch 1.13.0. safetensors files are written here by the format's
description, so that its package is not needed.
"""
import gzip
import json
import os
import struct

import numpy as np
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, '..', 'data', 'typefaces')
OUT = os.path.join(HERE, '..', 'data', 'lora')


def read(name, header):
    with gzip.open(os.path.join(DATA, name + '-ubyte.gz')) as f:
        return torch.from_numpy(np.frombuffer(f.read(), np.uint8, offset=header).copy())


def digits(prefix):
    images = read(prefix + '-images-idx3', 16).reshape(-1, 28, 28).float() / 255
    return images, read(prefix + '-labels-idx1', 8).long()


class DigitReader(nn.Module):
    """Reads an image as 14 tokens of two rows each."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(56, 64)
        self.position = nn.Parameter(torch.randn(14, 64) * 0.02)
        layer = nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(64, 10)

    def forward(self, images):
        tokens = self.embed(images.reshape(-1, 14, 56)) + self.position
        return self.head(self.encoder(tokens).mean(1))


def save(name, tensors):
    header, data = {}, b''
    for key, t in tensors.items():
        piece = t.detach().contiguous().numpy().tobytes()
        kind = {torch.float32: 'F32', torch.int64: 'I64'}[t.dtype]
        header[key] = {'dtype': kind, 'shape': list(t.shape), 'data_offsets': [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(os.path.join(OUT, name), 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + data)


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    (x, y), (test_x, test_y) = digits('train'), digits('t10k')
    model = DigitReader()
    epochs, batch = 12, 64
    steps = epochs * (len(x) // batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(x))
        for at in range(0, len(x) - batch + 1, batch):
            rows = order[at:at + batch]
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows], label_smoothing=0.1)
            loss.backward()
            optimizer.step()
            scheduler.step()
        with torch.no_grad():
            accuracy = (model(test_x).argmax(1) == test_y).float().mean().item()
        print(f'epoch {epoch + 1}: test accuracy {accuracy:.4f}', flush=True)
    os.makedirs(OUT, exist_ok=True)
    save('digit-reader.safetensors', model.state_dict())
    # In training mode, for which PyTorch has no kernels of its own that round otherwise; there is no dropout.
    model.train()
    with torch.no_grad():
        save('digit-reader-answers.safetensors', {'images': test_x[:8], 'scores': model(test_x[:8])})


main()
