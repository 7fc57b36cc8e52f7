using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EDA.Bench.Ptx;

/// <summary>A function of two vectors.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public interface IPtxVector<T>
{
    static abstract Vector256<T> Apply(Vector256<T> a, Vector256<T> b);
}

/// <summary>A function of one value.</summary>
/// <typeparam name="TA">Its type.</typeparam>
/// <typeparam name="TResult">The result's type.</typeparam>
public interface IPtxUnary<TA, TResult>
{
    static abstract TResult Apply(TA a);
}

/// <summary>A function of two values.</summary>
/// <typeparam name="TA">The first one's type.</typeparam>
/// <typeparam name="TB">The second one's type.</typeparam>
/// <typeparam name="TResult">The result's type.</typeparam>
public interface IPtxBinary<TA, TB, TResult>
{
    static abstract TResult Apply(TA a, TB b);
}

/// <summary>Functions applied to all lanes, as steps of a warp.</summary>
public static unsafe class PtxLanes
{
    /// <summary>result = f(a, b), several lanes at a time: f is right for whatever stands in lanes that do not take part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Vectors<T, TOperation>(PtxWarp warp, in PtxInstruction instruction, uint lanes)
        where T : unmanaged
        where TOperation : IPtxVector<T>
    {
        byte* registers = warp.Registers;
        T* a = (T*)(registers + instruction.A), b = (T*)(registers + instruction.B);
        T* result = lanes == PtxWarp.AllLanes ? (T*)(registers + instruction.Result) : (T*)warp.Scratch;
        for (int lane = 0; lane < PtxWarp.Size; lane += Vector256<T>.Count)
            TOperation.Apply(Vector256.Load(a + lane), Vector256.Load(b + lane)).Store(result + lane);
        if (lanes != PtxWarp.AllLanes)
            Merge((T*)(registers + instruction.Result), result, lanes);
    }

    /// <summary>predicate = f(a, b), where f gives elements of all or no bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tests<T, TOperation>(PtxWarp warp, in PtxInstruction instruction, uint lanes)
        where T : unmanaged
        where TOperation : IPtxVector<T>
    {
        byte* registers = warp.Registers;
        T* a = (T*)(registers + instruction.A), b = (T*)(registers + instruction.B);
        uint holds = 0;
        for (int lane = 0; lane < PtxWarp.Size; lane += Vector256<T>.Count)
            holds |= TOperation.Apply(Vector256.Load(a + lane), Vector256.Load(b + lane)).ExtractMostSignificantBits() << lane;
        SetPredicate((uint*)(registers + instruction.Result), holds, lanes);
    }

    /// <summary>result = f(a), lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Map<TA, TResult, TOperation>(PtxWarp warp, in PtxInstruction instruction, uint lanes)
        where TA : unmanaged
        where TResult : unmanaged
        where TOperation : IPtxUnary<TA, TResult>
    {
        byte* registers = warp.Registers;
        var a = (TA*)(registers + instruction.A);
        var result = (TResult*)(registers + instruction.Result);
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = TOperation.Apply(a[lane]);
        }
    }

    /// <summary>result = f(a, b), lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Map<TA, TB, TResult, TOperation>(PtxWarp warp, in PtxInstruction instruction, uint lanes)
        where TA : unmanaged
        where TB : unmanaged
        where TResult : unmanaged
        where TOperation : IPtxBinary<TA, TB, TResult>
    {
        byte* registers = warp.Registers;
        var a = (TA*)(registers + instruction.A);
        var b = (TB*)(registers + instruction.B);
        var result = (TResult*)(registers + instruction.Result);
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = TOperation.Apply(a[lane], b[lane]);
        }
    }

    /// <summary>result = a · b + c, the lower half of the product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyAdd(PtxWarp warp, in PtxInstruction instruction, uint lanes)
    {
        byte* registers = warp.Registers;
        ulong* a = (ulong*)(registers + instruction.A), b = (ulong*)(registers + instruction.B), c = (ulong*)(registers + instruction.C);
        ulong* result = (ulong*)(registers + instruction.Result);
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = (a[lane] * b[lane]) + c[lane];
        }
    }

    /// <summary>result = a · b + c in float32, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FusedMultiplyAdd(PtxWarp warp, in PtxInstruction instruction, uint lanes)
    {
        byte* registers = warp.Registers;
        float* a = (float*)(registers + instruction.A), b = (float*)(registers + instruction.B), c = (float*)(registers + instruction.C);
        float* result = lanes == PtxWarp.AllLanes ? (float*)(registers + instruction.Result) : (float*)warp.Scratch;
        for (int lane = 0; lane < PtxWarp.Size; lane += Vector256<float>.Count)
            PtxArithmetic.MultiplyAdd(Vector256.Load(a + lane), Vector256.Load(b + lane), Vector256.Load(c + lane)).Store(result + lane);
        if (lanes != PtxWarp.AllLanes)
            Merge((float*)(registers + instruction.Result), result, lanes);
    }

    /// <summary>result = a.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy<T>(PtxWarp warp, in PtxInstruction instruction, uint lanes)
        where T : unmanaged
    {
        byte* registers = warp.Registers;
        Merge((T*)(registers + instruction.Result), (T*)(registers + instruction.A), lanes);
    }

    /// <summary>result = a where the predicate holds, else b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Select<T>(PtxWarp warp, in PtxInstruction instruction, uint lanes)
        where T : unmanaged
    {
        byte* registers = warp.Registers;
        uint holds = *(uint*)(registers + instruction.C);
        T* a = (T*)(registers + instruction.A), b = (T*)(registers + instruction.B), result = (T*)(registers + instruction.Result);

        // One of the operands may be the result.
        T* chosen = (T*)warp.Scratch;
        for (int lane = 0; lane < PtxWarp.Size; lane++)
            chosen[lane] = (holds >> lane & 1) != 0 ? a[lane] : b[lane];
        Merge(result, chosen, lanes);
    }

    /// <summary>Sets the lanes' bits of a predicate.</summary>
    public static void SetPredicate(uint* predicate, uint bits, uint lanes) => *predicate = (*predicate & ~lanes) | (bits & lanes);

    /// <summary>A step on predicates.</summary>
    /// <param name="operation">What it does to their bits.</param>
    public static PtxStep Predicates(Func<uint, uint, uint> operation) => (PtxWarp warp, in PtxInstruction instruction, uint lanes) =>
    {
        byte* registers = warp.Registers;
        SetPredicate((uint*)(registers + instruction.Result), operation(*(uint*)(registers + instruction.A), *(uint*)(registers + instruction.B)), lanes);
    };

    /// <summary>Overwrites the lanes' values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Merge<T>(T* result, T* values, uint lanes)
        where T : unmanaged
    {
        if (lanes == PtxWarp.AllLanes)
        {
            Unsafe.CopyBlock(result, values, (uint)(PtxWarp.Size * sizeof(T)));
            return;
        }

        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = values[lane];
        }
    }
}
