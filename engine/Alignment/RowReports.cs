using EDA.Engine.Data;
using EDA.Engine.Training;

namespace EDA.Engine.Alignment;

/// <summary>Reports on rows as they are appended.</summary>
internal static class RowReports
{
    /// <summary>Reports rows that were just appended. Where that fails they are taken back: what goes on from the store makes and reports them again.</summary>
    /// <param name="store">The store.</param>
    /// <param name="rows">How many were appended.</param>
    /// <param name="observer">Is told; null for none.</param>
    /// <param name="progress">Where the stage stands with them.</param>
    public static void Report(this RowStore store, int rows, ITrainingObserver? observer, in TrainingProgress progress)
    {
        try
        {
            observer?.Progress(progress);
        }
        catch
        {
            store.TakeBack(rows);
            throw;
        }
    }
}
