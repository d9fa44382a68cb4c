"""The networks, built from the shapes in their state dicts."""

import torch
import torch.nn.functional as F
from torch import nn


def linears(state, activation):
    shapes = [w.shape for name, w in state.items() if name.endswith(".weight")]
    layers = [layer for out, size in shapes for layer in (nn.Linear(size, out), activation())]
    return nn.Sequential(*layers[:-1])


def mlp(state, heads):
    return linears(state, nn.ReLU)


def tiny_mlp(state, heads):
    return linears(state, nn.Tanh)


def convnet(state, heads):
    first, second, (classes, features) = state["0.weight"].shape[0], state["4.weight"].shape[0], state["9.weight"].shape
    return nn.Sequential(
        nn.Conv2d(1, first, 3, padding=1),
        nn.BatchNorm2d(first),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1),
        nn.BatchNorm2d(second),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(features, classes),
    )


class CharLstm(nn.Module):
    def __init__(self, state, heads):
        super().__init__()
        vocabulary, hidden = state["head.weight"].shape
        layers = sum(name.startswith("lstm.weight_hh") for name in state)
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.lstm = nn.LSTM(hidden, hidden, layers, batch_first=True)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, x):
        return self.head(self.lstm(self.embedding(x))[0])


def attention(q, k, v, mask):
    """Causal attention. The fused function came with PyTorch 2.0."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    scores = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    return F.softmax(scores.masked_fill(mask, float("-inf")), -1) @ v


class Block(nn.Module):
    def __init__(self, width, heads, length):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
        self.register_buffer("mask", torch.ones(length, length).triu(1).bool(), persistent=False)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (
            t.reshape(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for t in self.qkv(self.norm1(x)).chunk(3, -1)
        )
        mixed = attention(q, k, v, self.mask).transpose(1, 2).reshape(batch, length, width)
        x = x + self.projection(mixed)
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):
    def __init__(self, state, heads):
        super().__init__()
        vocabulary, width = state["head.weight"].shape
        length = state["positions"].shape[0]
        layers = sum(name.endswith(".qkv.weight") for name in state)
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.empty(length, width))
        self.blocks = nn.ModuleList(Block(width, heads, length) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, x):
        h = self.tokens(x) + self.positions
        for block in self.blocks:
            h = block(h)
        return self.head(self.norm(h))


MODELS = {"mlp": mlp, "tinyMlp": tiny_mlp, "convnet": convnet, "lstm": CharLstm, "gpt": Gpt}
