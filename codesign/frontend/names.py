"""Safe identifiers for names that come from strangers: hls4ml writes layer names into C++ and Tcl."""

from __future__ import annotations

import re
from collections.abc import Iterable

from codesign.hls.cpp_names import is_keyword

_MAX_LENGTH = 48
# Words that a generated file uses for itself.
_RESERVED = {"input", "output", "model", "top", "clk", "rst", "logic", "wire", "reg", "module", "config"}

# hls4ml keeps a layer's result among its attributes, under the layer's name: a layer `perm` would lose its axes.
_ATTRIBUTES = """
    accum_quantizer accum_t activ_param activation activation_config activation_quantizer algorithm align_corners
    apply_reset_gate axes axis backward_activation backward_bias backward_bias_t backward_class_name
    backward_recurrent_activation backward_recurrent_bias backward_recurrent_bias_t backward_recurrent_reuse_factor
    backward_recurrent_weight backward_recurrent_weight_t backward_reuse_factor backward_weight backward_weight_t
    beta_data beta_quantizer bias bias_data bias_precision bias_quantizer bias_t bitwidth causal class_name collapse
    concat config config_cpp conv_implementation count_pad crop_bottom crop_left crop_right crop_top da_codegen
    da_comb_logic da_comb_trace da_kernel_cost data_format data_reader depth depth_multiplier depthwise
    depthwise_accum_t depthwise_data depthwise_quantizer depthwise_result_t depthwise_reuse_factor depthwise_t dilation
    dim direction dw_line_buffer_codegen dw_output_t embeddings embeddings_data embeddings_t epsilon epsilon_power_of_10
    equation exp_scale exp_table_size exp_table_t expr_t expression filt_height filt_width forward_activation
    forward_bias forward_bias_t forward_class_name forward_recurrent_activation forward_recurrent_bias
    forward_recurrent_bias_t forward_recurrent_reuse_factor forward_recurrent_weight forward_recurrent_weight_t
    forward_reuse_factor forward_weight forward_weight_t function_cpp fusible gamma_data gamma_quantizer group height
    height_factor implementation in_height in_width include_header index index_t inp0_shape inp0_tpose_idxs inp1_shape
    inp1_tpose_idxs inp_norm_t inp_shape inp_tpose_idxs input_format input_keras_tensor_names input_layers input_shape
    input_t inputs instructions inv_inp_t inv_table_size inv_table_t keepdims layer_list line_buffer_codegen
    lut_functions mask_fn_codegen mask_kbi mean_by_nvert mean_data mean_quantizer merge_mode min_height min_width module
    mult_config n_aggregators n_chan n_contract n_dim n_filt n_free0 n_free1 n_free_data n_free_kernel n_in
    n_in_features n_inner n_inplace n_out n_out_features n_outer n_partitions n_propagate n_sublayers n_symbols
    n_time_steps n_timesteps n_vertices name narrow new_attribute op original_type out_height out_interpert_shape
    out_shape out_t out_tpose_idxs out_width output_keras_tensor_names output_layers output_shape overrides pad_bottom
    pad_left pad_right pad_top parallelization_factor param param_data param_t pass_initial_states perm perm_str
    pointwise pointwise_accum_t pointwise_data pointwise_quantizer pointwise_reuse_factor pointwise_t pool_height
    pool_op pool_width precision pw_line_buffer_codegen quantize quantizer quantizer_precision recurrent_activation
    recurrent_activation_config recurrent_bias recurrent_bias_data recurrent_bias_t recurrent_reuse_factor
    recurrent_weight recurrent_weight_data recurrent_weight_quantizer recurrent_weight_t resource_unrolled_dense_codegen
    resource_unrolled_dense_codegen_1 resource_unrolled_dense_codegen_2 result_t return_sequences return_state
    reuse_factor rounding_mode scale scale_data scale_precision scale_quantizer scale_t seq_len shift shift_prec shift_t
    signed skip slope slope_prec slope_t static strategy stride_height stride_width table table_data table_range_power2
    table_size table_t target_cycles target_shape threshold time_major time_step_loop_parallelism to_original_kernel
    trace trusted type_name unscaled unscaled_h unscaled_w use_beta use_bias use_built_in_luts use_gamma value
    variance_data variance_quantizer vocab_size weight weight_data weight_quantizer weight_t width width_factor
    wrapped_layer zeropt
"""
# hls4ml's front end for Keras 3 takes the letters of "input" for names that are given away.
_TAKEN_LETTERS = "input"
_TAKEN = frozenset([*_ATTRIBUTES.split(), *_TAKEN_LETTERS])


def identifier(name: str) -> str:
    """`name` as `[A-Za-z][A-Za-z0-9_]*`, unchanged where it is one already, short enough, and means nothing else."""
    clean = re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9_]", "_", name)).strip("_")[:_MAX_LENGTH].rstrip("_")
    if not clean or not clean[0].isalpha():
        clean = f"layer_{clean}".rstrip("_")
    return f"{clean}_0" if _means_something(clean) else clean


def _means_something(name: str) -> bool:
    return name.lower() in _RESERVED or name in _TAKEN or is_keyword(name)


def unique_identifiers(names: Iterable[str]) -> dict[str, str]:
    """For each name a safe identifier, no two alike even where case is ignored (as some file systems do)."""
    taken: set[str] = set()
    given: dict[str, str] = {}
    for name in names:
        base = candidate = identifier(name)
        number = 1
        while candidate.lower() in taken:
            candidate = f"{base}_{number}"
            number += 1
        taken.add(candidate.lower())
        given[name] = candidate
    return given
