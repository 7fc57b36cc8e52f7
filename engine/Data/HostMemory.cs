namespace EDA.Engine.Data;

/// <summary>The host's memory for managed arrays.</summary>
internal static class HostMemory
{
    /// <summary>
    /// Gives back to the system what arrays took that nobody holds any more. The collector would do so when arrays need
    /// room, but a device's memory is none of its business: a dataset's would wait for it all through a training.
    /// </summary>
    public static void GiveBack() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
