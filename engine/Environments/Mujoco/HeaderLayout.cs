using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EDA.Engine.Environments.Mujoco;

/// <summary>
/// The structures of MuJoCo 2.2.2, which has no state functions: the heads of mjModel and mjData as its public headers
/// mjmodel.h and mjdata.h declare them, laid out by the same rules as in C.
/// </summary>
internal sealed unsafe class HeaderLayout : IStateAccess
{
    /// <summary>The only release with this layout that is used.</summary>
    public const int Version = 222;

    private const int WarningKinds = 8;
    private const int TimerKinds = 13;
    private const int SolverIterations = 1000;

    public int Size(nint model, StatePart part)
    {
        var head = (ModelHead*)model;
        return part switch
        {
            StatePart.Positions => head->PositionCount,
            StatePart.Velocities => head->VelocityCount,
            StatePart.Controls => head->ControlCount,
            _ => throw new UnreachableException($"state part {part}"),
        };
    }

    public void Read(nint model, nint data, StatePart part, Span<double> values) => Numbers(data, part, values.Length).CopyTo(values);

    public void Write(nint model, nint data, StatePart part, ReadOnlySpan<double> values) => values.CopyTo(Numbers(data, part, values.Length));

    public string? Settle(nint model, nint data, IReadOnlyDictionary<StatePart, int> sizes)
    {
        foreach (var (part, size) in sizes)
        {
            if (Size(model, part) != size)
                return $"the probe has {Size(model, part)} {part.ToString().ToLowerInvariant()} instead of {size}";
        }

        // Every pointer of mjData points into its own buffer: where one does not, no number is read.
        var head = (DataHead*)data;
        nint buffer = (nint)head->Buffer;
        if (buffer == 0 || head->BufferBytes <= 0)
            return "its data have no buffer";
        foreach (var (part, size) in sizes)
        {
            nint address = (nint)Address(data, part);
            if (address < buffer || address + (size * sizeof(double)) > buffer + head->BufferBytes)
                return $"its {part.ToString().ToLowerInvariant()} lie outside the buffer";
        }

        return null;
    }

    private static Span<double> Numbers(nint data, StatePart part, int count) => new(Address(data, part), count);

    private static double* Address(nint data, StatePart part)
    {
        var head = (DataHead*)data;
        return part switch
        {
            StatePart.Positions => head->Positions,
            StatePart.Velocities => head->Velocities,
            StatePart.Controls => head->Controls,
            _ => throw new UnreachableException($"state part {part}"),
        };
    }

    /// <summary>mjModel's first fields: nq, nv, nu.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ModelHead
    {
        public int PositionCount;
        public int VelocityCount;
        public int ControlCount;
    }

    /// <summary>mjData up to ctrl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct DataHead
    {
        public int StackLength;
        public int BufferBytes;
        public int StackUsed;
        public int MostStack;
        public int MostContacts;
        public int MostConstraints;
        public WarningStatistics Warnings;
        public TimerStatistics Timers;
        public SolverStatistics Solver;
        public int SolverIteration;
        public int SolverNonZeros;
        public double ForwardInverseForce;
        public double ForwardInverseConstraint;
        public int EqualityCount;
        public int FrictionCount;
        public int ConstraintCount;
        public int ContactCount;
        public double Time;
        public double PotentialEnergy;
        public double KineticEnergy;
        public void* Buffer;
        public double* Stack;
        public double* Positions;
        public double* Velocities;
        public double* Activations;
        public double* WarmStart;
        public double* Controls;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WarningStatistic
    {
        public int LastInfo;
        public int Number;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimerStatistic
    {
        public double Duration;
        public int Number;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SolverStatistic
    {
        public double Improvement;
        public double Gradient;
        public double LineSlope;
        public int Active;
        public int Changed;
        public int Evaluations;
        public int Updates;
    }

    [InlineArray(WarningKinds)]
    private struct WarningStatistics
    {
        private WarningStatistic _first;
    }

    [InlineArray(TimerKinds)]
    private struct TimerStatistics
    {
        private TimerStatistic _first;
    }

    [InlineArray(SolverIterations)]
    private struct SolverStatistics
    {
        private SolverStatistic _first;
    }
}
