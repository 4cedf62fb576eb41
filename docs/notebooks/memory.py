# %% [markdown]
# # Memory: how far back does a network learn?
#
# Two numbers of a sequence are marked; their sum is due at its end. The longer
# the sequence, the further back the gradient has to reach. We compare a simple
# recurrent layer with a GRU.

# %%
import os

import pandas as pd

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.memory import (
    MemoryConfig,
    MemoryDataConfig,
    MemoryFitConfig,
    MemoryModelConfig,
)
from keras_rnn_recipes.families import memory

steps = int(os.environ.get("STEPS", "60"))
krr.set_seeds(0)
data = MemoryDataConfig(problem="adding", lags=(10, 20, 40))
problem = memory.load(data)
drawn = problem.draw(200, seed=0)
pd.DataFrame(drawn.inputs[0].round(2), columns=["number", "marked"]).T

# %% [markdown]
# The answer to this sequence is the sum of the two marked numbers:

# %%
float(drawn.answers[0].squeeze())

# %% [markdown]
# ## Before training
#
# The gradient of the loss with respect to the hidden state, by lag. Where it
# has decayed to almost nothing, the network learns almost nothing.

# %%
long = type(problem)("adding", 100)
flows = []
for name in ("simple_rnn_normal", "simple_rnn", "gru", "lstm"):
    model = krr.memory_network(
        name, channels=long.channels, width=long.width, units=32
    )
    flow = krr.gradient_flow(
        model, *long.draw(32, seed=0, first=0), loss=memory.loss(long)
    )
    flows.append(flow.assign(layer=name))
flow = pd.concat(flows, ignore_index=True)
krr.plot_gradient_flow(flow)

# %%
krr.judge_flow(flow).round(4)

# %% [markdown]
# Before training, the gates of a GRU are half open: its gradient fades fastest
# of all. Gates can learn to stay open, a simple recurrent layer cannot.

# %% [markdown]
# ## Longer and longer lags
#
# Each network is trained at a lag until it solves it or its steps are used up,
# then at the next one.

# %%
config = MemoryConfig(
    data=data,
    model=MemoryModelConfig(cells=("gru", "simple_rnn_clipped"), units=(32,)),
    fit=MemoryFitConfig(
        epochs=10, steps_per_epoch=steps, learning_rate=0.005, unroll=True
    ),
)
trials, model = memory.climb(config)
trials[["cell", "lag", "solved", "error", "steps", "reach"]].round(4)

# %% [markdown]
# ## After training
#
# The trained GRU at the longest lag: now the gradient reaches the first step.

# %%
longest = type(problem)("adding", data.lags[-1])
trained = krr.gradient_flow(
    model, *longest.draw(32, seed=0, first=0), loss=memory.loss(longest)
)
krr.plot_gradient_flow(trained)
