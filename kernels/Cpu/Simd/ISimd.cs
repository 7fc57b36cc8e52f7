namespace EDA.Kernels.Cpu;

/// <summary>
/// The few vector instructions the kernels are written in. A kernel is generic over the vector type and over this
/// set, and the JIT specialises it for each of the three widths. All operations round once per lane and mean the same
/// at every width (but for <see cref="MultiplyAdd"/>, which rounds twice where the machine has no fused form).
/// </summary>
/// <typeparam name="TVector">The vector of floats.</typeparam>
internal unsafe interface ISimd<TVector>
    where TVector : struct
{
    /// <summary>Lanes in a vector.</summary>
    static abstract int Count { get; }

    /// <summary>Whether there are 32 registers, enough for 24 accumulators, rather than 16.</summary>
    static abstract bool HasManyRegisters { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* destination);

    static abstract TVector Broadcast(float value);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    static abstract TVector Divide(TVector left, TVector right);

    /// <summary>left·right + addend.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    static abstract TVector Min(TVector left, TVector right);

    static abstract TVector Max(TVector left, TVector right);

    /// <summary>value where condition is above 0, and 0 elsewhere.</summary>
    static abstract TVector WherePositive(TVector condition, TVector value);

    static abstract TVector SquareRoot(TVector value);

    /// <summary>2ⁿ for the integer n that stands in the low bits of value, which is 1.5·2²³ + n.</summary>
    static abstract TVector PowerOfTwo(TVector value);

    /// <summary>
    /// The product of unsigned words, in full: of each pair of lanes the lower ones are multiplied, and both lanes hold
    /// the result, its lower word first. The upper lanes are not looked at.
    /// </summary>
    static abstract TVector MultiplyWords(TVector left, TVector right);

    /// <summary>Each pair's upper lane in the place of the lower one.</summary>
    static abstract TVector UpperWords(TVector pairs);

    /// <summary>Pairs of the lower lanes: <paramref name="even"/>'s where they are, <paramref name="odd"/>'s above them.</summary>
    static abstract TVector PairWords(TVector even, TVector odd);

    static abstract TVector Xor(TVector left, TVector right);

    /// <summary>0 in the lanes whose word, unsigned, is below the limit's, and value elsewhere.</summary>
    static abstract TVector ZeroWhereBelow(TVector words, TVector limit, TVector value);

    /// <summary>The nearest numbers that need the upper halves of their words alone, of two the even one: bf16. What is no number stays none.</summary>
    static abstract TVector RoundToUpperHalf(TVector value);

    /// <summary>Words of two upper halves: <paramref name="lower"/>'s moved down, <paramref name="upper"/>'s where they are. The lower halves are zero.</summary>
    static abstract TVector PairUpperHalves(TVector lower, TVector upper);

    /// <summary>The sum of the lanes, pairwise: halves added until one lane is left.</summary>
    static abstract float Sum(TVector value);
}
