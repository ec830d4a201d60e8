"""From a model file to an hls4ml ModelGraph with exact types: the only place, with training, that knows Keras."""
