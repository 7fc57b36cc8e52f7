namespace EDA.Kernels.Gpu;

/// <summary>
/// What a warp does with 16 of the depth once its factors are in registers, by <see cref="TensorCores"/>. Lane 4g + c holds
/// the depths 4c to 4c + 3 of each row it is given: the sum's order over the depth is the same for both factors, which is
/// all that counts.
/// </summary>
internal interface ITensorPrecision
{
    /// <summary>16 rows of the left factor, of 32.</summary>
    /// <param name="upper">Four depths of row g.</param>
    /// <param name="lower">Four depths of row g + 8.</param>
    void Left0(Float4 upper, Float4 lower);

    /// <summary>The other 16 rows.</summary>
    /// <param name="upper">Four depths of row g.</param>
    /// <param name="lower">Four depths of row g + 8.</param>
    void Left1(Float4 upper, Float4 lower);

    /// <summary>8 rows of the right factor (columns of the product), of 32.</summary>
    /// <param name="values">Four depths of row g.</param>
    void Right0(Float4 values);

    /// <summary>The second 8 rows.</summary>
    /// <param name="values">Four depths of row g.</param>
    void Right1(Float4 values);

    /// <summary>The third 8 rows.</summary>
    /// <param name="values">Four depths of row g.</param>
    void Right2(Float4 values);

    /// <summary>The last 8 rows.</summary>
    /// <param name="values">Four depths of row g.</param>
    void Right3(Float4 values);

    /// <summary>The product of both, added to the first 32 × 32 sums.</summary>
    void Multiply0();

    /// <summary>The same, added to the second 32 × 32 sums.</summary>
    void Multiply1();
}

/// <summary>TF32: 10 bits behind the point, float32's range.</summary>
internal readonly struct Tf32Precision : ITensorPrecision
{
    /// <inheritdoc/>
    public void Left0(Float4 upper, Float4 lower) => TensorCores.Tf32Left0(upper, lower);

    /// <inheritdoc/>
    public void Left1(Float4 upper, Float4 lower) => TensorCores.Tf32Left1(upper, lower);

    /// <inheritdoc/>
    public void Right0(Float4 values) => TensorCores.Tf32Right0(values);

    /// <inheritdoc/>
    public void Right1(Float4 values) => TensorCores.Tf32Right1(values);

    /// <inheritdoc/>
    public void Right2(Float4 values) => TensorCores.Tf32Right2(values);

    /// <inheritdoc/>
    public void Right3(Float4 values) => TensorCores.Tf32Right3(values);

    /// <inheritdoc/>
    public void Multiply0() => TensorCores.Tf32Multiply0();

    /// <inheritdoc/>
    public void Multiply1() => TensorCores.Tf32Multiply1();
}

/// <summary>Bfloat16: 7 bits behind the point, float32's range.</summary>
internal readonly struct Bf16Precision : ITensorPrecision
{
    /// <inheritdoc/>
    public void Left0(Float4 upper, Float4 lower) => TensorCores.Bf16Left0(upper, lower);

    /// <inheritdoc/>
    public void Left1(Float4 upper, Float4 lower) => TensorCores.Bf16Left1(upper, lower);

    /// <inheritdoc/>
    public void Right0(Float4 values) => TensorCores.Bf16Right0(values);

    /// <inheritdoc/>
    public void Right1(Float4 values) => TensorCores.Bf16Right1(values);

    /// <inheritdoc/>
    public void Right2(Float4 values) => TensorCores.Bf16Right2(values);

    /// <inheritdoc/>
    public void Right3(Float4 values) => TensorCores.Bf16Right3(values);

    /// <inheritdoc/>
    public void Multiply0() => TensorCores.Bf16Multiply0();

    /// <inheritdoc/>
    public void Multiply1() => TensorCores.Bf16Multiply1();
}
