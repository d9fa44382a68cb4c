"""Training steps."""

import torch
import torch.nn.functional as F

from models import MODELS

PREFIX = "model."


class TrainRunner:
    def __init__(self, task, tensors):
        self.initial = {name[len(PREFIX) :]: t for name, t in tensors.items() if name.startswith(PREFIX)}
        self.model = MODELS[task["model"]](self.initial, task["heads"])
        self.squared = task["model"] == "tinyMlp"
        self.lr = task["lr"]
        self.x, self.y = tensors["x"], tensors["y"]
        self.reset()

    def reset(self):
        self.model.load_state_dict(self.initial)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=self.lr)

    def step(self):
        # The default since PyTorch 2.0, and faster than zeros.
        self.optimizer.zero_grad(set_to_none=True)
        output = self.model(self.x)
        if self.squared:
            loss = F.mse_loss(output, self.y)
        else:
            loss = F.cross_entropy(output.flatten(0, -2), self.y.flatten())
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def outputs(self):
        return []
