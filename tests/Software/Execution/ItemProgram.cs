using System.Reflection;

namespace EDA.Tests.Software;

/// <summary>Runs an item from where it waits to where it waits next.</summary>
/// <param name="frame">The item's variables.</param>
/// <param name="site">Where it waits; 0 for the beginning.</param>
/// <returns>Where it waits now; 0 at the end.</returns>
internal unsafe delegate int ResumeItem(byte* frame, int site);

/// <summary>A kernel rewritten so that an item can stop at a barrier and go on later.</summary>
/// <param name="Resume">The rewritten code.</param>
/// <param name="FrameSize">The bytes of an item's variables.</param>
/// <param name="Parameters">Where the kernel's parameters stand in them.</param>
/// <param name="Sites">The places to wait at, the first of them number 1.</param>
internal sealed record ItemProgram(ResumeItem Resume, int FrameSize, IReadOnlyList<ItemFrame.Slot> Parameters, IReadOnlyList<SuspensionSite> Sites)
{
    /// <summary>Whether calling a method may make an item wait, or ask for shared memory: such calls are written out in place.</summary>
    public static bool MeetsOthers(MethodBase method) => MeetsOthers(method, []);

    /// <summary>Whether this is SharedMemory.Allocate.</summary>
    public static bool AllocatesShared(MethodBase method) => method.DeclaringType == typeof(SharedMemory);

    /// <summary>What a call waits for; null where it does not.</summary>
    public static SuspensionKind? Suspends(MethodBase method) => method.GetCustomAttribute<SuspendsAttribute>()?.Kind;

    private static bool MeetsOthers(MethodBase method, HashSet<MethodBase> seen)
    {
        string home = method.DeclaringType?.Namespace ?? string.Empty;
        if (home == "System" || home.StartsWith("System.", StringComparison.Ordinal) || home == typeof(Group).Namespace || !seen.Add(method))
            return false;
        return Instruction.Read(method).Select(instruction => instruction.Operand).OfType<MethodBase>()
            .Any(callee => Suspends(callee) is not null || AllocatesShared(callee) || MeetsOthers(callee, seen));
    }
}
